import type { Plugin, Rolldown } from "vite";
import { LANGUAGES, type Language } from "../src/text/languages.ts";
import { inlineTexts } from "./inline-texts.ts";
import { publicFilesIn } from "./public-files.ts";

const [FIRST, ...OTHERS] = Object.keys(LANGUAGES) as [Language, ...Language[]];

/** Imported by the Worker: maps each script of the first language by URL to its counterparts in the other languages. Empty under `vite dev`. */
const TWINS = /^virtual:twins$/;

/**
 * Builds a page's scripts once per language. Start's manifest lists those of the first; for readers of another language the Worker uses
 * their counterparts (src/server.ts). A script without texts is one file for all languages.
 */
export function clientPerLanguage(): Plugin[] {
	let building = FIRST;
	const built = new Map<Language, Rolldown.OutputBundle>();
	const twins: Partial<Record<Language, Record<string, string>>> = {};
	const plugin: Plugin = {
		name: "client-per-language",
		buildApp: {
			order: "pre",
			async handler(builder) {
				const { client } = builder.environments;
				if (!client) return;
				// The first language is built last, because Start keeps the names of the scripts built last.
				for (building of [...OTHERS, FIRST]) await builder.build(client);
			},
		},
		generateBundle: {
			order: "post",
			handler(_, bundle) {
				if (this.environment.name !== "client") return;
				if (building !== FIRST) return void built.set(building, { ...bundle });
				for (const file of publicFilesIn(FIRST)) this.emitFile({ type: "asset", ...file });
				for (const [language, other] of built) {
					twins[language] = twinsOf(bundle, other);
					for (const file of publicFilesIn(language)) this.emitFile({ type: "asset", ...file });
					for (const file of Object.values(other)) {
						if (file.fileName in bundle || file.fileName.startsWith(".")) continue;
						this.emitFile({ type: "asset", fileName: file.fileName, source: file.type === "chunk" ? file.code : file.source });
					}
				}
			},
		},
		resolveId: { filter: { id: TWINS }, handler: (id) => id },
		load: { filter: { id: TWINS }, handler: () => `export const twins = ${JSON.stringify(twins)};` },
	};
	return [inlineTexts(() => building), plugin];
}

/** Pairs the chunks of two languages by their modules. @throws {Error} if one has no counterpart */
function twinsOf(bundle: Rolldown.OutputBundle, other: Rolldown.OutputBundle): Record<string, string> {
	const named = new Map(chunksOf(other).map((chunk) => [nameOf(chunk), chunk.fileName]));
	const pairs = chunksOf(bundle).map((chunk) => {
		const twin = named.get(nameOf(chunk));
		if (!twin) throw new Error(`${chunk.fileName} has no twin in another language`);
		return [`/${chunk.fileName}`, `/${twin}`];
	});
	return Object.fromEntries(pairs.filter(([own, twin]) => own !== twin));
}

const chunksOf = (bundle: Rolldown.OutputBundle) => Object.values(bundle).filter((file) => file.type === "chunk");

const nameOf = ({ name, moduleIds }: Rolldown.OutputChunk) => [name, ...moduleIds].join("\n");
