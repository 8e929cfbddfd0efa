/** A local file with the ids of webhook endpoints created at Flowglad, whose API cannot list them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

export interface EndpointNotes {
	path: string;
	/** The id of the endpoint created from here. Null if there is none. */
	read(): string | null;
	write(id: string): void;
}

const file = z.record(z.string(), z.string());

/** The notes on one endpoint, keyed by its pricing model and URL. */
export function endpointNotes(path: string, name: string): EndpointNotes {
	const all = () => (existsSync(path) ? file.parse(JSON.parse(readFileSync(path, "utf8"))) : {});
	return {
		path,
		read: () => all()[name] ?? null,
		write(id) {
			mkdirSync(dirname(path), { recursive: true });
			writeFileSync(path, `${JSON.stringify({ ...all(), [name]: id }, null, "\t")}\n`);
		},
	};
}
