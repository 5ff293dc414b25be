// Starts what the Lab does beside its page.
importScripts("./mqttlab-worker.js");
wasm_bindgen({ module_or_path: "./mqttlab-worker_bg.wasm" });
