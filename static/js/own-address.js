// A page that tells what a form has just made was posted: give it its own address, so that reloading makes no more of it.
"use strict";

const made = document.querySelector("[data-address]");
if (made) history.replaceState(null, "", made.dataset.address);
