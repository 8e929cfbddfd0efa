import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { root } from "./process.ts";

type Variables = Record<string, string>;
interface Environment {
	documentedNames(example: string): string[];
	appVariables(from: { names: string[]; environment: Variables; sandbox: Variables }): Variables;
	billingProvider(environment: Variables, devVars: string): string;
	dotenvLines(variables: Variables): string;
}

const { documentedNames, appVariables, billingProvider, dotenvLines }: Environment = await import(join(root, "scripts/environment.mjs"));

describe("the variables of a local start", () => {
	test("are exactly those of .dev.vars.example", () => {
		const names = documentedNames(readFileSync(join(root, ".dev.vars.example"), "utf8"));
		expect(names).toContain("AI_MODEL_UNITS");
		const environment = Object.fromEntries([...names, "HOME"].map((name) => [name, `value of ${name}`]));
		expect(Object.keys(appVariables({ names, environment, sandbox: {} }))).toEqual(names);
	});

	test("are taken from the environment before the sandbox's values, and a blank one counts as unset", () => {
		const names = ["EMAIL_URL", "MAILBOX_URL", "ADMIN_EMAILS"];
		const sandbox = { EMAIL_URL: "sandbox", MAILBOX_URL: "sandbox" };
		const environment = { EMAIL_URL: "environment", MAILBOX_URL: "", ADMIN_EMAILS: "" };
		expect(appVariables({ names, environment, sandbox })).toEqual({ EMAIL_URL: "environment", MAILBOX_URL: "sandbox" });
	});

	test("choose the provider from the environment, then .dev.vars, then Flowglad", () => {
		expect(billingProvider({ BILLING_PROVIDER: "none" }, "BILLING_PROVIDER=stripe")).toBe("none");
		expect(billingProvider({ BILLING_PROVIDER: "" }, 'A=1\nBILLING_PROVIDER = "stripe"\n')).toBe("stripe");
		expect(billingProvider({}, "BILLING_PROVIDER=\nAI_MODELS=stripe\n# BILLING_PROVIDER=stripe")).toBe("flowglad");
	});

	test("survive dotenv unchanged, whatever their quotes", () => {
		const variables = { PLAIN: "a b#c", DOUBLE: 'say "x" \\n', SINGLE: "it's", BOTH: `"it's"`, MARK: "`it's`", DOLLAR: "$HOME" };
		expect(parseEnv(dotenvLines(variables))).toEqual(variables);
		expect(() => dotenvLines({ ALL: `'"\`` })).toThrow(/^ALL /);
	});
});
