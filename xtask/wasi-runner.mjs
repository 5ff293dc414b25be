// Runs a WebAssembly program as a process of the system: node wasi-runner.mjs program.wasm [argument …]
//
// Cargo calls it for tests that were compiled for wasm32-wasip1, so that the same tests run as WebAssembly.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { WASI } from "node:wasi";

const [program, ...rest] = process.argv.slice(2);
const wasi = new WASI({
  version: "preview1",
  args: [program, ...rest],
  env: process.env,
  // Tests read the project's files by their whole path, as they do natively.
  preopens: { "/": "/" },
});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
