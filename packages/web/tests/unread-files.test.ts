import { expect, test } from "vitest";

interface Environment {
	unreadVariables: (names: string[], files: Record<string, string>) => string | null;
}

const script: string = new URL("../../../scripts/environment.mjs", import.meta.url).href;
const { unreadVariables }: Environment = await import(/* @vite-ignore */ script);

const names = ["FLOWGLAD_SECRET_KEY", "AI_BASE_URL"];

test("an unread file that sets a variable of the app refuses the start and names the fix", () => {
	const refusal = unreadVariables(names, { "packages/web/.env": "# Flowglad\nexport FLOWGLAD_SECRET_KEY=sk_live_x\n" });
	expect(refusal).toMatch(/^packages\/web\/\.env sets FLOWGLAD_SECRET_KEY, but this file is not read\. Move the lines to \.dev\.vars/);
	expect(refusal).not.toContain("sk_live_x");
});

test("a file without a variable of the app is ignored", () => {
	expect(unreadVariables(names, {})).toBeNull();
	expect(unreadVariables(names, { ".env": "# AI_BASE_URL=x\nCOMPOSE_PROJECT_NAME=parley\n" })).toBeNull();
});
