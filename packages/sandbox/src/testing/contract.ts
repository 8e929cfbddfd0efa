import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/**
 * Where Flowglad's OpenAPI document lies. It is not ours to copy into the repository (AGPL, flowglad.md j), so
 * tests use it where it is found and say so where it is not.
 */
const documentPath =
	process.env.FLOWGLAD_OPENAPI ?? join(import.meta.dirname, "../../../../../shared/contracts/flowglad-openapi-v0.18.0.json");

/** Throws when a 200 response breaks the document's closed schemas; answers whether there was a schema to hold it to. */
export type ContractCheck = (method: string, path: string, status: number, body: unknown) => boolean;

/** The check, or null where the document is absent. */
export function openContract(): ContractCheck | null {
	if (!existsSync(documentPath)) {
		console.warn(`No OpenAPI document at ${documentPath}: responses are not validated. Set FLOWGLAD_OPENAPI to its path.`);
		return null;
	}
	const document: { paths: Record<string, object> } = JSON.parse(readFileSync(documentPath, "utf8"));
	const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
	addFormats(ajv);
	ajv.addSchema(document, "flowglad");
	// Fixed paths before patterns, so that usage-events/bulk is not taken for an id.
	const patterns = Object.keys(document.paths).sort((a, b) => a.split("{").length - b.split("{").length);

	return (method, path, status, body) => {
		const pattern = patterns.find((one) => new RegExp(`^${one.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path));
		if (status !== 200 || pattern === undefined) return false;
		const at = ["paths", pattern, method.toLowerCase(), "responses", "200", "content", "application/json", "schema"];
		const pointer = at.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
		const validate = ajv.getSchema(`flowglad#/${pointer}`);
		if (validate === undefined) throw new Error(`${method} ${pattern} has no response schema`);
		if (!validate(body)) throw new Error(`${method} ${path} breaks the contract: ${ajv.errorsText(validate.errors)}`);
		return true;
	};
}
