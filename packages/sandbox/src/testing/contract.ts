import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Check } from "./checked-fetch.ts";

/**
 * Flowglad's OpenAPI document, checked in addition to our own schemas. Its license (AGPL, flowglad.md j) keeps it out of the
 * repository, so the check runs only where the file exists.
 */
const documentPath =
	process.env.FLOWGLAD_OPENAPI ?? join(import.meta.dirname, "../../../../../shared/contracts/flowglad-openapi-v0.18.0.json");

/** The check against the document, or null where the document is absent. Answers without a schema in the document pass. */
export function openContract(): Check | null {
	if (!existsSync(documentPath)) {
		console.warn(
			`NOT CHECKED against Flowglad's OpenAPI document: ${documentPath} is absent. Only the schemas in testing/schemas apply. Set FLOWGLAD_OPENAPI to its path.`,
		);
		return null;
	}
	const document: { paths: Record<string, object> } = JSON.parse(readFileSync(documentPath, "utf8"));
	const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
	addFormats(ajv);
	ajv.addSchema(document, "flowglad");
	// Fixed paths precede patterns, so that usage-events/bulk is not read as an id.
	const patterns = Object.keys(document.paths).sort((a, b) => a.split("{").length - b.split("{").length);

	return ({ method, path, status, body }) => {
		const pattern = patterns.find((one) => new RegExp(`^${one.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path));
		if (status !== 200 || pattern === undefined) return null;
		const at = ["paths", pattern, method.toLowerCase(), "responses", "200", "content", "application/json", "schema"];
		const pointer = at.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
		const validate = ajv.getSchema(`flowglad#/${pointer}`);
		if (validate === undefined) return `the OpenAPI document has no response schema for ${method} ${pattern}`;
		return validate(withoutNewer(body)) ? null : ajv.errorsText(validate.errors);
	};
}

/** The body without a field that the service added after the document was written. The document allows no unknown fields. */
function withoutNewer(body: unknown): unknown {
	return JSON.parse(JSON.stringify(body, (key, value) => (key === "scheduledAdjustmentAt" ? undefined : value)));
}
