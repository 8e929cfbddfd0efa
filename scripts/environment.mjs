// The app's variables under `npm start` and `npm run dev`. Plain Node 18+, no dependencies.

/** The names in .dev.vars.example, the one list of documented variables. */
export const documentedNames = (example) => [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);

/**
 * The variables that override .dev.vars: documented ones in the environment, then the sandbox's. Blank means not set. A key in .dev.vars
 * may belong to a live account, so the sandbox's values replace it; only the environment can replace those.
 */
export function appVariables({ names, environment, sandbox }) {
	const found = names.map((name) => [name, environment[name] || sandbox[name]]);
	return Object.fromEntries(found.filter(([, value]) => value));
}

/** The provider in the environment, else in .dev.vars, else Flowglad: the sandbox has both. */
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
