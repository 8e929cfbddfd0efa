/** Which webhook endpoints were made at Flowglad, whose API cannot tell: a file of ids beside the local state. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

export interface EndpointNotes {
	path: string;
	/** The id of the endpoint that was made; null when none was from here. */
	read(): string | null;
	write(id: string): void;
}

const file = z.record(z.string(), z.string());

/** The notes on one endpoint: by what it leads to, and in which pricing model it is. */
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
