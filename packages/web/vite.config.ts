import { readFileSync } from "node:fs";
import { cloudflare } from "@cloudflare/vite-plugin";
import tailwindcss from "@tailwindcss/vite";
import { tanstackStart } from "@tanstack/react-start/plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { brand } from "./build/brand.ts";
import { clientPerLanguage } from "./build/client-per-language.ts";
import { letters } from "./build/letter.tsx";

const root = new URL("../../", import.meta.url).pathname;
const devVarsFolder = process.env.PARLEY_DEV_VARS_FOLDER;

/** One chunk for what every page needs whole: each small file compresses worse. React Query belongs to @flowglad/react, and loads with it. */
const framework = {
	name: "framework",
	// With what starts the page, or the bundler's own functions would be a file, too.
	test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(?!react-query|query-core)[^/]+|seroval|seroval-plugins)\/|\/src\/client\.tsx$/,
};

/** The scripts of the chat carry the loader and the error pages of no other page: those come with it. */
const WHOLE: ("loader" | "component" | "notFoundComponent")[][] = [["loader", "component", "notFoundComponent"]];
const isChat = /^\/_chat/;

/** One chunk, for the same reason, for what the chat shares with other pages. */
const shared = {
	name: "shared",
	test: /\/src\/(instructions|chat-title|text\/(format|reader)|components\/(requests|tally\/[\w-]+|frame\/local-time|billing\/(plan-changes|return-path)|chat\/(message-text|price)))\.tsx?$/,
};

/** What is opened in the list of chats. Each file of its own would be named in the first script of every page. */
const menus = {
	name: "menus",
	test: /\/src\/components\/frame\/(chat-search|key-list|folder-[\w-]+|dialog|side-sheet|confirming)\.tsx?$/,
};

export default defineConfig(({ command }) => ({
	define: {
		__BUILD__: JSON.stringify(process.env.PARLEY_BUILD ?? "dev"),
	},
	// A font in a data: URL would be refused by our pages' policy.
	build: {
		assetsInlineLimit: 0,
		// Which scripts a part of a page needs is in that part. A list of all of them would be in the first script of every page.
		modulePreload: { resolveDependencies: (_, files) => files.filter((file) => file.endsWith(".css")) },
	},
	// The worker loads its libraries when they are first needed.
	worker: { format: "es" },
	server: { port: Number(process.env.PORT ?? 3000), strictPort: true },
	// Documentation comments are a sixth of the Worker's bytes. Licences stay.
	environments: {
		ssr: { build: { rolldownOptions: { output: { comments: { jsdoc: false, legal: true, annotation: true } } } } },
		client: { build: { rolldownOptions: { output: { codeSplitting: { groups: [framework, shared, menus] } } } } },
	},
	plugins: [
		cloudflare({
			configPath: `${root}wrangler.toml`,
			viteEnvironment: { name: "ssr" },
			// `wrangler dev` and `vite dev` share one local database and one set of objects.
			persistState: { path: process.env.PARLEY_STATE ?? `${root}.wrangler/state` },
			config: (config) => {
				// wrangler.toml names the built Worker; Vite starts from its source.
				config.main = `${root}packages/web/src/server.ts`;
				// The plugin reads .dev.vars beside this path; scripts/start.mjs writes one with the sandbox's addresses.
				if (command === "serve" && devVarsFolder) config.userConfigPath = `${devVarsFolder}/wrangler.toml`;
			},
		}),
		brand(),
		letters(),
		clientPerLanguage(),
		tailwindcss(),
		tanstackStart({
			router: { codeSplittingOptions: { splitBehavior: ({ routeId }) => (isChat.test(routeId) ? undefined : WHOLE) } },
		}),
		react(),
		withoutUnusedLanguages,
		withoutJsonSchema,
		onlyInBrowsers,
	],
}));

/** better-auth looks up zod's functions by name, so that the whole of zod is bundled: 50 languages, of which two are spoken. */
const withoutUnusedLanguages: Plugin = {
	name: "without-unused-languages",
	load: {
		filter: { id: /\/zod\/v4\/locales\/(?!(?:en|de|index)\.js)[\w-]+\.js$/ },
		handler: () => "export default () => ({})",
	},
};

/** zod's schemas can describe themselves as JSON Schema, and so bring 6 KiB that no page uses: what makes the descriptions does nothing there. */
const withoutJsonSchema: Plugin = {
	name: "without-json-schema",
	applyToEnvironment: ({ name }) => name === "client",
	load: {
		filter: { id: /\/zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/ },
		handler: (id) => {
			const names = readFileSync(id, "utf8").matchAll(/^export (?:const|function) (\w+)/gm);
			return [...names].map(([, name]) => `export const ${name} = () => {};`).join("\n");
		},
	},
};

/** What opens on a press, or packs a file, is never run by the Worker: what it is made of would be a sixth of the Worker's bytes. */
const onlyInBrowsers: Plugin = {
	name: "only-in-browsers",
	applyToEnvironment: ({ name }) => name === "ssr",
	load: {
		filter: {
			id: /\/node_modules\/(react-dom\/client|@base-ui\/react\/(dialog|menu)\/index|@zip\.js\/zip\.js\/lib\/zip-core-native)\.m?js$/,
		},
		handler: () =>
			["createRoot", "Dialog", "Menu", "BlobReader", "BlobWriter", "TextReader", "ZipReader", "ZipWriter", "configure"]
				.map((name) => `export const ${name} = null;`)
				.join("\n"),
	},
};
