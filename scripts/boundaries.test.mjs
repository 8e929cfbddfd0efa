// Tests that each boundary reports its breach. Fixtures in a temporary folder are linted with the repository's biome.json and boundaries.mjs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { breaches } from "./boundaries.mjs";

const root = dirname(import.meta.dirname);
const folder = mkdtempSync(join(tmpdir(), "boundaries-"));
after(() => rmSync(folder, { recursive: true }));

/** Every fixture: path, source, and the rule that reports it (null: it is allowed). Biome and the script run once over all of them. */
const fixtures = [
	["web/src/lib/chat/stripe.ts", 'export * from "stripe";', "noRestrictedImports"],
	["web/src/lib/chat/stripe-subpath.ts", 'export * from "stripe/webhooks";', "noRestrictedImports"],
	["web/src/lib/chat/flowglad-subpath.ts", 'export * from "@flowglad/server/supabase";', "noRestrictedImports"],
	["web/src/lib/chat/flowglad-type.ts", 'export type { Flowglad } from "@flowglad/node";', "noRestrictedImports"],
	["web/src/lib/chat/flowglad-dynamic.ts", 'export const sdk = await import("@flowglad/node");', "noRestrictedImports"],
	["web/src/lib/chat/react.ts", 'export * from "@flowglad/react";', "noRestrictedImports"],
	["web/src/lib/chat/better-auth.ts", 'export * from "better-auth/api";', "noRestrictedImports"],
	["web/src/lib/payments/actions-sdk.ts", 'export * from "stripe";', "noRestrictedImports"],
	["web/src/lib/payments/stripe/other.ts", 'export * from "@flowglad/node";', "noRestrictedImports"],
	["web/src/lib/payments/flowglad/other.ts", 'export * from "stripe";', "noRestrictedImports"],
	["web/src/lib/payments/stripe/own.ts", 'export * from "stripe";', null],
	["web/src/lib/payments/flowglad/own.ts", 'export * from "@flowglad/server/supabase";', null],
	["web/src/lib/payments/folder.ts", 'export * from "./stripe/own.ts";', null],
	["web/src/lib/flowglad.ts", 'export * from "@flowglad/server";', null],
	["web/src/lib/identity/auth-entry.ts", 'export * from "better-auth/api";', null],
	["web/src/routes/sql.ts", 'export * from "drizzle-orm/d1";', "noRestrictedImports"],
	["web/src/routes/sdk.ts", 'export * from "@flowglad/server/supabase";', "noRestrictedImports"],
	["web/src/routes/auth.ts", 'export * from "better-auth/client";', "noRestrictedImports"],
	["web/src/components/lib.tsx", 'export type { Clock } from "../lib/time/clock.ts";', "noRestrictedImports"],
	["web/src/components/objects.tsx", 'export * from "../objects/ledger.ts";', "noRestrictedImports"],
	["web/src/components/db.tsx", 'export * from "../db/schema.ts";', "noRestrictedImports"],
	["web/src/components/domain.tsx", 'export * from "@parley/metering";', "noRestrictedImports"],
	["web/src/components/chat/react.tsx", 'export * from "@flowglad/react";', "noRestrictedImports"],
	["web/src/components/billing/node.tsx", 'export * from "@flowglad/node";', "noRestrictedImports"],
	["web/src/components/billing/lib.tsx", 'export * from "../../lib/flowglad.ts";', "noRestrictedImports"],
	["web/src/components/billing/react.tsx", 'export * from "@flowglad/react";', null],
	["web/src/components/billing/view.tsx", 'export * from "../../view/billing.ts";', null],
	["web/src/view/billing.ts", "export type Plan = string;", null],
	["metering/src/node.ts", 'export * from "node:fs";', "noRestrictedImports"],
	["metering/src/outside.ts", 'export * from "../proof/random.ts";', "noRestrictedImports"],
	["metering/src/package.ts", 'export * from "zod";', "noRestrictedImports"],
	["metering/src/own.ts", 'export * from "./tier.ts";', null],
	["plans/src/push.ts", 'export * from "stripe";', "noRestrictedImports"],
	["plans/src/stripe/own.ts", 'export * from "stripe";', null],
	["plans/src/stripe/other.ts", 'export * from "@flowglad/node";', "noRestrictedImports"],
	["plans/src/flowglad/other.ts", 'export * from "stripe";', "noRestrictedImports"],

	["plans/src/cycle-a.ts", 'import { b } from "./cycle-b.ts";\nexport const a = () => b;', "noImportCycles"],
	["plans/src/cycle-b.ts", 'import { a } from "./cycle-a.ts";\nexport const b = () => a;', "noImportCycles"],
	["plans/src/types-a.ts", 'import type { B } from "./types-b.ts";\nexport type A = B | null;', "noImportCycles"],
	["plans/src/types-b.ts", 'import type { A } from "./types-a.ts";\nexport type B = { a: A };', "noImportCycles"],
	["plans/src/dynamic-a.ts", 'export const a = () => import("./dynamic-b.ts");', "noImportCycles"],
	["plans/src/dynamic-b.ts", 'import { a } from "./dynamic-a.ts";\nexport const b = () => a;', "noImportCycles"],
	["plans/src/long.ts", `export function long() {\n${"\tconsole.log();\n".repeat(66)}}`, "noExcessiveLinesPerFunction"],
	["plans/src/long.test.ts", `export function long() {\n${"\tconsole.log();\n".repeat(66)}}`, null],

	["web/src/lib/time/up.ts", 'import { hold } from "../billing.ts";\nexport const up = hold;', "imports upwards"],
	["web/src/lib/payments/up.ts", 'import type { Hold } from "../billing.ts";\nexport type Up = Hold;', "imports upwards"],
	["web/src/lib/payments/lazy.ts", 'export const up = () => import("../chat/request.ts");', "imports upwards"],
	["web/src/lib/billing.ts", 'export * from "../objects/usage-ledger.ts";', "imports upwards"],
	["web/src/lib/chat/down.ts", 'export * from "../billing.ts";', null],
	["web/src/lib/drawer.ts", "export const drawer = 1;\nexport * from '../config.ts';", "has no floor"],
	["web/src/lib/time/sandbox.ts", 'export * from "@parley/sandbox";', "imports packages/sandbox"],
	["web/tests/sandbox.test.ts", 'export * from "@parley/sandbox";', null],
	["sandbox/src/domain.ts", 'export * from "@parley/metering";', "imports packages/metering"],
	["conformance/src/web.ts", 'export * from "../../web/src/config.ts";', "imports packages/web"],
	["sandbox/src/sdk.ts", 'import { Flowglad } from "@flowglad/node";\nexport const sdk = Flowglad;', "imports a value of the SDK"],
	["sandbox/src/sdk-types.ts", 'import type { Flowglad } from "@flowglad/node";\nexport type Sdk = Flowglad;', null],
	["sandbox/src/testing/sdk.ts", 'import Stripe from "stripe";\nexport const sdk = Stripe;', null],

	["web/src/lib/payments/writes.ts", "export const key = (id: string) => `user:$" + "{id}`;", "subject key"],
	["web/src/lib/payments/appends.ts", "export const id = (key: string, id: string) => `$" + "{key}:$" + "{id}`;", "subject key"],
	["web/src/routes/splits.ts", 'export const parts = (key: string) => key.split(":");', "subject key"],
	["web/src/routes/finds.ts", 'export const at = (key: string) => key.indexOf(":");', "subject key"],
	["web/src/routes/matches.ts", 'export const bare = (key: string) => key.replace(/^(guest|user):/, "");', "subject key"],
	["web/src/routes/comments.ts", "// A key is `user:…`.\n/** `guest:…` */\nexport const prefix = { user: 1 };", null],
	["web/src/lib/identity/subject-key.ts", "export const userKey = (id: string) => `user:$" + "{id}`;", null],
	["web/src/lib/utils/text.ts", "export const text = 1;", 'filed under "utils"'],
	["bench/src/helpers.ts", "export const text = 1;", 'filed under "helpers"'],
];

for (const [path, source] of fixtures) {
	mkdirSync(dirname(join(folder, "packages", path)), { recursive: true });
	writeFileSync(join(folder, "packages", path), `${source}\n`);
}
copyFileSync(join(root, "biome.json"), join(folder, "biome.json"));

const lint = spawnSync("biome", ["lint", "--vcs-enabled=false", "--max-diagnostics=none", "--reporter=json", "."], {
	cwd: folder,
	encoding: "utf8",
});
const walls = /noRestrictedImports|noImportCycles|noExcessiveLinesPerFunction/;
const diagnostics = JSON.parse(lint.stdout).diagnostics.filter(({ category }) => walls.test(category));
const biomeLines = diagnostics.map(({ category, location }) => `${location.path} ${category}`);
const lines = [...biomeLines, ...breaches(folder)];
const linesOf = (path) => lines.filter((line) => line.startsWith(`packages/${path}:`) || line.startsWith(`packages/${path} `));

for (const [path, , caughtBy] of fixtures) {
	test(caughtBy === null ? `allows ${path}` : `reports ${path}: ${caughtBy}`, () => {
		if (caughtBy === null) assert.deepEqual(linesOf(path), []);
		else
			assert.ok(
				linesOf(path).some((line) => line.includes(caughtBy)),
				`not caught; all that was said: ${linesOf(path).join("; ") || "nothing"}`,
			);
	});
}
