"""Whom the system's scheduler takes for patient: the processes that hand leads on to one another, and nobody else."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from flowbuilder.embedded.processes import process_id
from flowbuilder.scheduling import be_patient, patient_children
from tests.support.processes import policy_of, policy_of_the_patient
from tests.support.servers import plain_url

USUAL, PATIENT = policy_of(), policy_of_the_patient()
"""The same where a system grants no other."""
ASK = "import os; print(os.sched_getscheduler(0))"


def policy_of_a_child() -> int:
    return int(subprocess.run([sys.executable, "-c", ASK], capture_output=True, check=True, timeout=60).stdout)


def test_whoever_is_patient_hands_it_on_to_threads_and_processes_but_not_to_other_threads():
    seen = []

    def begin():
        be_patient()
        own = threading.Thread(target=lambda: seen.append(policy_of()))
        own.start()
        own.join()
        seen.append(policy_of_a_child())

    patient = threading.Thread(target=begin)
    patient.start()
    patient.join()
    assert seen == [PATIENT] * 2
    assert policy_of() == USUAL


def test_children_are_patient_while_whoever_starts_them_is_so_only_meanwhile():
    with patient_children():
        assert policy_of_a_child() == PATIENT
    assert (policy_of(), policy_of_a_child()) == (USUAL, USUAL)


def test_a_start_that_fails_leaves_its_process_as_it_was():
    with pytest.raises(FileNotFoundError), patient_children():
        subprocess.run(["/no/such/program"], check=True)
    assert policy_of() == USUAL


@pytest.mark.parametrize("asked", ["sched_getscheduler", "sched_setscheduler"])
def test_a_system_that_does_not_grant_it_is_served_all_the_same(monkeypatch, asked):
    def refuse(*_asked):
        raise PermissionError

    monkeypatch.setattr(os, asked, refuse)
    be_patient()
    with patient_children():
        assert policy_of_a_child() == USUAL


def test_whoever_was_given_another_policy_keeps_it():
    seen = []

    def idle():
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        be_patient()
        with patient_children():
            seen.append(policy_of_a_child())
        seen.append(policy_of())

    least = threading.Thread(target=idle)
    least.start()
    least.join()
    assert seen == [os.SCHED_IDLE] * 2


def test_the_embedded_servers_are_patient_with_every_connection_that_comes(servers):
    with psycopg.connect(plain_url(servers.database_url)) as connection:
        backend = connection.info.backend_pid
        postgres = process_id(servers.postgres.folder / "postmaster.pid")
        valkey = process_id(Path(servers.valkey._pid_file))
        assert [policy_of(pid) for pid in (backend, postgres, valkey)] == [PATIENT] * 3
