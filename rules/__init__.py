"""The flow language: what sellers write, checked, decided and said in plain words, without any input or output."""
