import { cloudflare } from "@cloudflare/vite-plugin";
import tailwindcss from "@tailwindcss/vite";
import { tanstackStart } from "@tanstack/react-start/plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const root = new URL("../../", import.meta.url).pathname;
const devVarsFolder = process.env.PARLEY_DEV_VARS_FOLDER;

/** One chunk for what every page needs whole: each small file compresses worse. React Query belongs to @flowglad/react, and loads with it. */
const framework = {
	name: "framework",
	test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(?!react-query|query-core)[^/]+|seroval|seroval-plugins)\//,
};

export default defineConfig(({ command }) => ({
	define: {
		__BUILD__: JSON.stringify(process.env.PARLEY_BUILD ?? "dev"),
	},
	server: { port: Number(process.env.PORT ?? 3000), strictPort: true },
	// Documentation comments are a sixth of the Worker's bytes. Licences stay.
	environments: {
		ssr: { build: { rolldownOptions: { output: { comments: { jsdoc: false, legal: true, annotation: true } } } } },
		client: { build: { rolldownOptions: { output: { codeSplitting: { groups: [framework] } } } } },
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
		tailwindcss(),
		tanstackStart(),
		react(),
		withoutUnusedLanguages,
		lexerOfMarked,
	],
}));

/** better-auth looks up zod's functions by name, so that the whole of zod is bundled: 50 languages, of which only English is spoken. */
const withoutUnusedLanguages: Plugin = {
	name: "without-unused-languages",
	load: {
		filter: { id: /\/zod\/v4\/locales\/(?!en\.js|index\.js)[\w-]+\.js$/ },
		handler: () => "export default () => ({})",
	},
};

/**
 * Only marked's lexer is used, for GitHub's Markdown. The instance that its module creates would keep the parser and the HTML renderer in every page,
 * and its option "pedantic" the branches for another dialect.
 */
const lexerOfMarked: Plugin = {
	name: "lexer-of-marked",
	transform: {
		filter: { id: /\/marked\/lib\/marked\.esm\.js$/ },
		handler(code) {
			const instance = code.search(/var \w+=new \w+;function \w+\(\w+,\w+\)\{return \w+\.parse\(/);
			const exported = ["Lexer", "Tokenizer"].map((name) => new RegExp(`\\w+ as ${name}\\b`).exec(code.slice(instance))?.[0]);
			if (instance === -1 || exported.includes(undefined)) this.error("marked's module has another form: adapt this plugin to it");
			const lexer = code.slice(0, instance).replaceAll("this.options.pedantic", "!1");
			return { code: `${lexer}export{${exported.join()}};`, map: null };
		},
	},
};
