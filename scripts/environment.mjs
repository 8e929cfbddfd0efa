// The app's variables under `npm start` and `npm run dev`. Plain Node 18+, no dependencies.

/** The names in .dev.vars.example, the only list of documented variables. */
export const documentedNames = (example) => [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);

/**
 * The variables that override .dev.vars: documented ones in the environment, then the sandbox's. Blank means not set. The sandbox's values
 * replace a key in .dev.vars, because it may belong to a live account; only the environment overrides the sandbox's values.
 */
export function appVariables({ names, environment, sandbox }) {
	const found = names.map((name) => [name, environment[name] || sandbox[name]]);
	return Object.fromEntries(found.filter(([, value]) => value));
}

/** Files that people may expect to be read (seed 001 names the first), but only .dev.vars at the root is read. */
export const unreadFiles = ["packages/web/.env", "packages/web/.env.local", "packages/web/.dev.vars", ".env", ".env.local"];

/**
 * The reason to refuse a start: a file that nothing reads sets a variable of the app, which would have no effect. Null if none does.
 * @param files the contents of the existing `unreadFiles`, by path
 */
export function unreadVariables(names, files) {
	for (const [path, text] of Object.entries(files)) {
		const set = [...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Z_]+)[ \t]*=/gm)]
			.map(([, name]) => name)
			.filter((name) => names.includes(name));
		if (set.length === 0) continue;
		return `${path} sets ${set.join(", ")}, but this file is not read. Move the lines to .dev.vars, beside package.json, and remove them here. A deployment takes them from: npx wrangler secret put NAME`;
	}
	return null;
}

/** The provider in the environment, else in .dev.vars, else Flowglad. The sandbox provides both. */
export function billingProvider(environment, devVars) {
	return environment.BILLING_PROVIDER || /^[ \t]*BILLING_PROVIDER[ \t]*=[ \t]*["'`]?(\w+)/m.exec(devVars)?.[1] || "flowglad";
}

/**
 * Variables as lines that dotenv reads back unchanged.
 * @throws {Error} naming a variable whose value has all three kinds of quotes, which dotenv cannot express
 */
export function dotenvLines(variables) {
	return Object.entries(variables)
		.map(([name, value]) => {
			// Between double quotes dotenv also replaces \n, so they come last.
			const quote = ["'", "`", '"'].find((one) => !value.includes(one) && !(one === '"' && value.includes("\\")));
			if (!quote) throw new Error(`${name} cannot be handed to the app: its value contains every kind of quote`);
			return `${name}=${quote}${value}${quote}\n`;
		})
		.join("");
}
