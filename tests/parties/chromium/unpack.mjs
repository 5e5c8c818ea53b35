// Unpacks the browser, its fonts and the libraries that a small machine may lack into the folder of the first argument.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ARCHIVES = ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"];

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
process.env.TMPDIR = folder; // where the package puts what it unpacks
const { inflate } = await import("@sparticuz/chromium");
const packed = new URL("../bin/", import.meta.resolve("@sparticuz/chromium"));
await Promise.all(ARCHIVES.map((name) => inflate(fileURLToPath(new URL(name, packed)))));
