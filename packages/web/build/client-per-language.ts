import type { Plugin, Rolldown } from "vite";
import { LANGUAGES, type Language } from "../src/text/languages.ts";
import { inlineTexts } from "./inline-texts.ts";
import { publicFilesIn } from "./public-files.ts";

const [FIRST, ...OTHERS] = Object.keys(LANGUAGES) as [Language, ...Language[]];

/** What the Worker imports: for each script of the first language, by its address, the one of each other language. Empty under `vite dev`. */
const TWINS = /^virtual:twins$/;

/**
 * Builds the scripts of a page once for each language. Those of the first are named in Start's manifest, and the Worker names their twins to readers of
 * another language (src/server.ts). A script without texts is the same file for all.
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
				// The first language comes last: Start keeps the names of the scripts that were built last.
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

/** The same chunk of two languages consists of the same modules. @throws {Error} where one has no twin */
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
