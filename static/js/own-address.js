// A page that shows new keys came from a form: give it the source's own address, so that reloading makes no more keys.
"use strict";

const keys = document.querySelector("[data-address]");
if (keys) history.replaceState(null, "", keys.dataset.address);
