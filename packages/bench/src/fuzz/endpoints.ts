import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../build.ts";

const web = join(root, "packages/web");

/** An address, and a valid body for it. */
export interface Endpoint {
	path: string;
	/** Absent: no valid body is known here. */
	example?: object;
	/**
	 * For an address that can count a unit: fields, each with invalid values. Every body contains one of them, so that any counted unit is
	 * a fault.
	 */
	breaking?: Record<string, readonly unknown[]>;
}

const message = { id: "m1", role: "user", parts: [{ type: "text", text: "Hello" }] };
const model = ["", "nothing", 5, null, {}, []];

/** Known bodies by address. Below a route with a rest parameter, the key names the full path, which the route's file does not. */
const KNOWN: Record<string, Omit<Endpoint, "path">> = {
	"/api/chat/ai": {
		example: { id: "c1", messages: [message], trigger: "submit-message", messageId: "m0", model: "sandbox", search: false, seen: null },
		breaking: {
			messages: [null, {}, "x", 5, [], [null], [{ ...message, role: "assistant" }], [{ ...message, parts: [] }]],
			model,
			id: [5, {}, null, "a b"],
		},
	},
	"/v1/chat/completions": {
		example: {
			...{ model: "sandbox", messages: [{ role: "user", content: "Hello" }], stream: false, temperature: 1, max_tokens: 5, stop: ["a"] },
			tools: [{ type: "function", function: { name: "find", parameters: {} } }],
		},
		breaking: {
			messages: [null, {}, "x", [], [null], [{ role: "nobody", content: "x" }], [{ role: "user" }]],
			model,
			temperature: ["hot", 9],
			n: [2, "1"],
		},
	},
	"/v1/responses": {
		example: {
			...{
				model: "sandbox",
				input: [{ role: "user", content: "Hello" }],
				instructions: "Be brief.",
				stream: true,
				text: { format: { type: "text" } },
			},
			tools: [{ type: "function", name: "find", parameters: {} }],
		},
		breaking: {
			input: [null, 5, {}, [], [null], [{ type: "item_reference", id: "x" }]],
			model,
			previous_response_id: ["resp_1", 5],
			tools: [[{ type: "web_search" }], 5],
		},
	},
	"/api/usage-events": {
		example: { usageMeterSlug: "ai_requests", amount: 1, transactionId: "t1" },
		breaking: { amount: [0, -1, 1.5, "1", 1e9, null, [], {}], usageMeterSlug: ["nothing", 5, null, {}] },
	},
	"/api/keys": { example: { name: "Script", scopes: ["chat"], limit: { units: 5, per: "day" }, expiresInDays: 30, organization: null } },
	"/api/instructions": { example: { about: "Me", answer: "Briefly" } },
	"/api/folders": { example: { name: "Work", instructions: "Be brief" } },
	"/api/chats": { example: { deleted: true } },
	"/api/chats/import": {
		example: { version: 2, title: "Old", messages: [message], archived: false, folder: { name: "Work", instructions: "" } },
	},
	"/api/language": { example: { language: "de" } },
	"/api/mail-settings": { example: { tellsUsage: true } },
	"/api/chat/some": { example: { title: "New", pinned: true, archived: false, deleted: false, folder: "f1" } },
	"/api/chat/some/branch": { example: { messageId: "m1", id: "c2", seen: null } },
	"/api/chat/some/instructions": { example: { instructions: "Be brief" } },
	"/api/chat/some/share": { example: { files: true, seen: null } },
	"/api/chat/some/version": { example: { turn: 1, of: "answer", seen: null } },
	"/api/chat/some/stop": { example: { requestId: "r1" } },
	"/api/admin/grants": { example: { subject: "user:u1", id: "g1", units: 5, expiresAt: null } },
	"/api/admin/corrections": { example: { subject: "user:u1", id: "c1", units: 5, requestId: null } },
	"/api/auth/sign-in/email": { example: { email: "ada@example.com", password: "correct horse" } },
	"/api/auth/sign-up/email": { example: { name: "Ada", email: "ada@example.com", password: "correct horse", callbackURL: "/" } },
	"/api/auth/sign-in/social": { example: { provider: "github", callbackURL: "/", errorCallbackURL: "/" } },
	"/api/auth/send-verification-email": { example: { email: "ada@example.com", callbackURL: "/" } },
	"/api/auth/confirm-email": { example: { token: "t", password: "correct horse", isNew: true } },
	"/api/auth/update-user": { example: { name: "Ada" } },
	"/api/auth/change-password": { example: { currentPassword: "a wrong one", newPassword: "correct horse", revokeOtherSessions: false } },
	"/api/auth/prove": { example: { password: "a wrong one" } },
	"/api/auth/mail/send": { example: { purpose: "sign-in", email: "ada@example.com", next: "/" } },
	"/api/auth/mail/code": { example: { code: "123456" } },
	"/api/auth/mail/link": { example: { token: "t" } },
	"/api/auth/mail/password": { example: { token: "t", password: "correct horse" } },
	"/api/auth/second-factor": { example: { code: "123456" } },
	"/api/auth/second-factor/enable": { example: { code: "123456" } },
	"/api/auth/passkey/remove": { example: { id: "p1" } },
	"/api/auth/end-session": { example: { id: "s1" } },
	"/api/auth/unlink-provider": { example: { provider: "github" } },
	"/api/auth/organization/create": { example: { name: "Acme", slug: "acme", requestsPerMember: 5 } },
	"/api/auth/organization/update": { example: { organizationId: "o1", data: { name: "Acme", requestsPerMember: 5 } } },
	"/api/auth/organization/invite-member": { example: { organizationId: "o1", email: "ada@example.com", role: "member" } },
	"/api/auth/organization/accept-invitation": { example: { invitationId: "i1" } },
	"/api/auth/organization/remove-member": { example: { organizationId: "o1", memberIdOrEmail: "m1" } },
	"/api/auth/organization/set-active": { example: { organizationId: "o1" } },
	"/api/flowglad/checkout": { example: { priceSlug: "nothing", successUrl: "http://localhost/", cancelUrl: "http://localhost/" } },
	"/api/flowglad/subscriptions/cancel": { example: { id: "s1", cancellation: { timing: "immediately" } } },
	"/api/flowglad/subscriptions/adjust": { example: { priceSlug: "nothing", subscriptionId: "s1", quantity: 1 } },
	"/api/flowglad/customers/billing": { example: {} },
	"/api/flowglad/webhook": { example: { type: "subscription.updated", data: { object: { id: "s1" } } } },
	"/api/stripe/webhook": { example: { id: "evt_1", type: "customer.subscription.updated", data: { object: { id: "s1" } } } },
	"/api/billing/change": { example: { planId: "p1", priceSlug: "nothing" } },
	"/api/billing/cancel": { example: { planId: "p1", timing: "period-end" } },
	"/api/billing/refresh": { example: {} },
	"/api/dev/clock": { example: { offsetMs: 0 } },
};

/** Every address that programs can call: those of the route files, those below a route with a rest parameter, and the build's server functions. */
export function endpoints(): Endpoint[] {
	const files = globSync("src/routes/{api,v1}/**/*.ts", { cwd: web }).filter((file) => !/\/-[^/]+$/.test(file));
	const named = files.map((file) =>
		file
			.replace("src/routes", "")
			.replace(/(?:\/index)?\.ts$/, "")
			.replaceAll(".", "/")
			.replaceAll(/\$\w*/g, "some"),
	);
	const [resolver = ""] = globSync("dist/server/assets/*server-fn-resolver*.js", { cwd: web });
	const functions = [...readFileSync(join(web, resolver), "utf8").matchAll(/"([0-9a-f]{64})":\s*\{\s*functionName/g)];
	const paths = new Set([...named, ...Object.keys(KNOWN), ...functions.map(([, id]) => `/_serverFn/${id}`)]);
	return [...paths].sort().map((path) => ({ path, ...KNOWN[path] }));
}
