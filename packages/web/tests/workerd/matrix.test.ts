import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { AUTH_ROUTES } from "../../src/lib/identity/auth-routes.ts";
import { organizationKey, userKey } from "../../src/lib/identity/subject-key.ts";
import { SCOPES, type Scope } from "../../src/view/api-key.ts";
import { Client, eventually, hear, resetSandbox } from "../client.ts";
import { apiRoutes, functions, keyRoutes, methodOf, pages, plainFiles } from "../wall.ts";

// Who may do what: every actor calls every route and server function with other users' ids. An actor without access reads, changes and spends nothing
// of theirs, and cannot tell their ids from ids that do not exist. A route without an entry fails the first test.

/**
 * `ada` has a chat, a file, a share, a folder, a plan and instructions. `head` has founded an organization, `manager` is an admin of it and `member` a
 * member; `removed` was one. `other` has an account and nothing else, `operator` runs the deployment.
 */
const ACTORS = ["nobody", "guest", "unconfirmed", "other", "ada", "head", "manager", "member", "removed", "operator"] as const;
type Actor = (typeof ACTORS)[number];

/** The ids the actors try to reach. */
interface Ids {
	chat: string;
	answer: string;
	file: string;
	share: string;
	sharedFile: string;
	folder: string;
	user: string;
	email: string;
	session: string;
	plan: string;
	organization: string;
	invitation: string;
	membership: string;
	key: string;
	teamKey: string;
}

interface Call {
	method?: "GET" | "POST" | "PATCH" | "DELETE";
	path: string;
	json?: object;
	/** The input of a server function. */
	data?: unknown;
}

interface Entry {
	call: (ids: Ids) => Call;
	/** The actors with access by these ids. */
	may: readonly Actor[];
	/** The actors that may know the ids exist, without access. */
	knows?: readonly Actor[];
	/** Whether it acts on its caller only, and whether the caller must have an account. */
	isOwn?: true;
	forAccounts?: true;
	/** Why an existing id gets another answer than a missing one. */
	told?: string;
}

const id = () => crypto.randomUUID();
/** Words that occur only in ada's data, and only in the organization's. */
const OF_ADA = "markofada";
const OF_ORGANIZATION = "markoforganization";
/** better-auth allows few requests from one address. */
const anyAddress = () => ({ "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });
const said = (text: string) => ({ id: id(), role: "user", parts: [{ type: "text", text }] });

const ADA = ["ada"] as const;
const OPERATOR = ["operator"] as const;
const LEADERS = ["head", "manager"] as const;
const INSIDERS = ["head", "manager", "member"] as const;

const of = (call: Entry["call"], may: Entry["may"], more: Omit<Entry, "call" | "may"> = {}): Entry => ({ call, may, ...more });
const OWN = { isOwn: true } as const;
/** Takes no ids: it acts on its caller, and everyone may call it. */
const own = (path: string, method: Call["method"] = "GET", json?: object): Entry =>
	of(() => ({ path, method, ...(json && { json }) }), [], OWN);
/** The same for accounts only. */
const account = (path: string, method: Call["method"] = "GET", json?: object): Entry => ({ ...own(path, method, json), forAccounts: true });
const posts =
	(path: string, json: (ids: Ids) => object = () => ({})) =>
	(ids: Ids): Call => ({ method: "POST", path, json: json(ids) });
const auth = (route: string, json?: (ids: Ids) => object) => posts(`/api/auth/${route}`, json);

const CHOSEN_BY_CLIENTS =
	"the id of a new chat is made by its page, 128 random bits: one that somebody has is refused, any other begins a chat";

const NEW_CHAT = "it begins a chat of one's own; that the folder of somebody else is none is in folders.test.ts";

/** The routes of the app's own API, by the address in wall.ts. */
const ROUTES: Record<string, Entry[]> = {
	"/api/account": [account("/api/account")],
	// A complete request would lock the caller's account, so that no later call would work.
	"/api/account/deletion": [
		account("/api/account/deletion"),
		account("/api/account/deletion", "POST", { plan: "never" }),
		account("/api/account/deletion", "DELETE"),
		of(({ organization }) => ({ path: `/api/account/deletion?organization=${organization}` }), ["head"]),
		of(
			posts("/api/account/deletion", ({ organization }) => ({ organizationId: organization })),
			["head"],
		),
		of(({ organization }) => ({ method: "DELETE", path: `/api/account/deletion?organization=${organization}` }), ["head"]),
	],
	"/api/account/payments": [account("/api/account/payments")],
	"/api/account/usage": [own("/api/account/usage")],
	"/api/admin/corrections": [
		of(
			posts("/api/admin/corrections", ({ user }) => ({ userId: user, id: id(), units: 1 })),
			OPERATOR,
		),
	],
	"/api/admin/grants": [
		of(
			posts("/api/admin/grants", ({ user }) => ({ userId: user, id: id(), units: 1 })),
			OPERATOR,
		),
	],
	"/api/admin/ledgers": [of(() => ({ path: "/api/admin/ledgers" }), OPERATOR)],
	"/api/admin/shares/some": [of(({ share }) => ({ method: "DELETE", path: `/api/admin/shares/${share}` }), OPERATOR)],
	"/api/admin/usage": [of(({ user }) => ({ path: `/api/admin/usage?subject=user:${user}` }), OPERATOR)],
	"/api/billing/some": [
		account("/api/billing"),
		account("/api/billing/portal"),
		account("/api/billing/refresh", "POST", {}),
		account("/api/billing/prove", "POST", {}),
		account("/api/billing/checkout", "POST", { priceSlug: "no-such-price" }),
		of(
			posts("/api/billing/payment-method", ({ plan }) => ({ planId: plan })),
			ADA,
		),
		of(
			posts("/api/billing/activate", ({ plan }) => ({ planId: plan, successUrl: "/", cancelUrl: "/" })),
			ADA,
		),
		of(
			posts("/api/billing/cancel", ({ plan }) => ({ planId: plan, when: "now" })),
			ADA,
		),
		of(
			posts("/api/billing/uncancel", ({ plan }) => ({ planId: plan })),
			ADA,
		),
		of(
			posts("/api/billing/change", ({ plan }) => ({ planId: plan, priceSlug: "pro_yearly" })),
			ADA,
		),
	],
	"/api/chat/ai": [
		of(
			posts("/api/chat/ai", ({ chat }) => ({ id: chat, messages: [said("Hello")] })),
			ADA,
			{ told: CHOSEN_BY_CLIENTS },
		),
		of(
			posts("/api/chat/ai", ({ chat, answer }) => ({ id: chat, messages: [], trigger: "regenerate-message", messageId: answer })),
			ADA,
		),
		of(
			posts("/api/chat/ai", ({ folder }) => ({ id: id(), messages: [said("Hello")], folder })),
			ADA,
			{ told: NEW_CHAT },
		),
	],
	"/api/chat/some": [
		of(({ chat }) => ({ method: "PATCH", path: `/api/chat/${chat}`, json: { title: "Theirs" } }), ADA),
		of(({ chat }) => ({ method: "PATCH", path: `/api/chat/${chat}`, json: { archived: true } }), ADA),
		of(({ chat, folder }) => ({ method: "PATCH", path: `/api/chat/${chat}`, json: { folder } }), ADA),
		of(({ chat }) => ({ method: "DELETE", path: `/api/chat/${chat}` }), ADA),
	],
	"/api/chat/some/branch": [
		of(({ chat, answer }) => posts(`/api/chat/${chat}/branch`, () => ({ messageId: answer, id: id() }))({} as Ids), ADA),
	],
	"/api/chat/some/export": [
		of(({ chat }) => ({ path: `/api/chat/${chat}/export` }), ADA),
		of(({ chat }) => ({ path: `/api/chat/${chat}/export?format=markdown` }), ADA),
	],
	"/api/chat/some/files": [
		of(({ chat }) => ({ method: "POST", path: `/api/chat/${chat}/files?name=a.txt`, json: { a: 1 } }), ADA, { told: CHOSEN_BY_CLIENTS }),
	],
	"/api/chat/some/files/some": [
		of(({ chat, file }) => ({ path: `/api/chat/${chat}/files/${file}` }), ADA),
		of(({ chat, file }) => ({ method: "DELETE", path: `/api/chat/${chat}/files/${file}` }), ADA),
	],
	"/api/chat/some/instructions": [
		of(({ chat }) => ({ method: "POST", path: `/api/chat/${chat}/instructions`, json: { instructions: "Theirs" } }), ADA),
	],
	"/api/chat/some/share": [of(({ chat }) => posts(`/api/chat/${chat}/share`)({} as Ids), ADA)],
	"/api/chat/some/stop": [of(({ chat }) => posts(`/api/chat/${chat}/stop`)({} as Ids), ADA)],
	"/api/chat/some/stream": [of(({ chat }) => ({ path: `/api/chat/${chat}/stream` }), ADA)],
	"/api/chat/some/version": [of(({ chat }) => posts(`/api/chat/${chat}/version`, () => ({ turn: 1, of: "answer" }))({} as Ids), ADA)],
	"/api/chats": [
		own("/api/chats"),
		own("/api/chats?archived"),
		of(({ folder }) => ({ path: `/api/chats?folder=${folder}` }), ADA),
		own("/api/chats", "PATCH", { deleted: false }),
	],
	"/api/chats/import": [account("/api/chats/import", "POST", {})],
	"/api/dev/clock": [own("/api/dev/clock", "POST", {})],
	"/api/flowglad/some": [
		account("/api/flowglad/billing"),
		account("/api/flowglad/checkout", "POST", { priceSlug: "no-such-price" }),
		account("/api/flowglad/customers/billing", "POST", {}),
		of(
			posts("/api/flowglad/subscriptions/cancel", ({ plan }) => ({ id: plan, cancellation: { timing: "immediately" } })),
			ADA,
		),
	],
	"/api/flowglad/webhook": [own("/api/flowglad/webhook", "POST", {})],
	"/api/folders": [account("/api/folders"), account("/api/folders", "POST", { id: id(), name: "Mine" })],
	"/api/folders/some": [
		of(({ folder }) => ({ method: "PATCH", path: `/api/folders/${folder}`, json: { name: "Theirs" } }), ADA),
		of(({ folder }) => ({ method: "DELETE", path: `/api/folders/${folder}` }), ADA),
	],
	"/api/health": [own("/api/health")],
	"/api/instructions": [account("/api/instructions", "POST", { about: "mine", answer: "" })],
	"/api/keys": [
		account("/api/keys"),
		account("/api/keys", "POST", { name: "Mine", scopes: ["chat"] }),
		of(
			posts("/api/keys", ({ organization }) => ({ name: "Mine", scopes: ["chat"], organization })),
			INSIDERS,
		),
	],
	"/api/keys/some": [
		of(({ key }) => ({ method: "DELETE", path: `/api/keys/${key}` }), ADA),
		of(({ teamKey }) => ({ method: "DELETE", path: `/api/keys/${teamKey}` }), INSIDERS),
	],
	"/api/language": [own("/api/language", "POST", {})],
	"/api/mail-settings": [account("/api/mail-settings", "POST", { tellsUsage: true })],
	"/api/models": [own("/api/models")],
	"/api/shares": [account("/api/shares")],
	"/api/shares/some": [of(({ share }) => ({ method: "DELETE", path: `/api/shares/${share}` }), ADA)],
	"/api/some": [own("/api/some")],
	"/api/stripe": [own("/api/stripe")],
	"/api/stripe/webhook": [own("/api/stripe/webhook", "POST", {})],
	"/api/usage": [own("/api/usage")],
	"/api/usage-events": [account("/api/usage-events", "POST", { usageMeterSlug: "ai_requests", amount: 1 })],
};

const HELLO = { model: "sandbox", messages: [{ role: "user", content: "Hello" }] };

/** The API with keys, which ignores sessions. */
const KEY_ROUTES: Record<string, Entry[]> = {
	"/v1/chat/completions": [own("/v1/chat/completions", "POST", HELLO)],
	"/v1/models": [own("/v1/models")],
	"/v1/responses": [own("/v1/responses", "POST", { model: "sandbox", input: "Hello" })],
	"/v1/some": [own("/v1/some")],
	"/v1/usage": [own("/v1/usage")],
};

const EMAIL_TAKEN = "an address that has an account cannot be signed up with again, and the form has to say so (docs/threat-model.md)";

/** better-auth's routes. */
const AUTH: Record<string, Entry[]> = {
	"GET get-session": [own("/api/auth/get-session")],
	"GET verify-email": [own("/api/auth/verify-email?token=none")],
	"GET callback/github": [own("/api/auth/callback/github?code=none&state=none")],
	"GET callback/google": [own("/api/auth/callback/google?code=none&state=none")],
	"GET organization/list": [own("/api/auth/organization/list")],
	"GET organization/list-members": [
		of(({ organization }) => ({ path: `/api/auth/organization/list-members?organizationId=${organization}` }), INSIDERS),
	],
	"GET error": [own("/api/auth/error")],
	"GET ok": [own("/api/auth/ok")],
	"POST sign-up/email": [
		of(
			auth("sign-up/email", ({ email }) => ({ name: "Ada", email, password: "another horse" })),
			[],
			{ told: EMAIL_TAKEN },
		),
	],
	"POST sign-in/email": [
		of(
			auth("sign-in/email", ({ email }) => ({ email, password: "wrong horse" })),
			[],
		),
	],
	"POST get-session": [own("/api/auth/get-session", "POST", {})],
	"POST confirm-email": [own("/api/auth/confirm-email", "POST", { token: "none", password: "correct horse", isNew: false })],
	"POST send-verification-email": [
		of(
			auth("send-verification-email", ({ email }) => ({ email })),
			[],
		),
	],
	"POST change-password": [own("/api/auth/change-password", "POST", { currentPassword: "wrong horse", newPassword: "another horse" })],
	"POST mail/send": [
		of(
			auth("mail/send", ({ email }) => ({ email, purpose: "sign-in" })),
			[],
		),
	],
	"POST mail/prove": [own("/api/auth/mail/prove", "POST", {})],
	"POST mail/code": [own("/api/auth/mail/code", "POST", { code: "000000" })],
	"POST mail/prove-code": [own("/api/auth/mail/prove-code", "POST", { code: "000000" })],
	"POST mail/link": [own("/api/auth/mail/link", "POST", { token: "none" })],
	"POST mail/password": [own("/api/auth/mail/password", "POST", { token: "none", password: "another horse" })],
	"POST second-factor": [own("/api/auth/second-factor", "POST", { code: "000000" })],
	"POST second-factor/set-up": [own("/api/auth/second-factor/set-up", "POST", {})],
	"POST second-factor/enable": [own("/api/auth/second-factor/enable", "POST", { code: "000000" })],
	"POST second-factor/recovery": [own("/api/auth/second-factor/recovery", "POST", {})],
	"POST second-factor/remove": [own("/api/auth/second-factor/remove", "POST", {})],
	"POST prove": [own("/api/auth/prove", "POST", { password: "wrong horse" })],
	"POST change-email": [
		of(
			auth("change-email", ({ email }) => ({ newEmail: email })),
			ADA,
		),
	],
	"POST change-email/approve": [own("/api/auth/change-email/approve", "POST", { token: "none" })],
	"POST set-password": [own("/api/auth/set-password", "POST", { password: "another horse" })],
	"POST sign-in/social": [
		own("/api/auth/sign-in/social", "POST", { provider: "github", callbackURL: "/", errorCallbackURL: "/", disableRedirect: true }),
	],
	"POST unlink-provider": [own("/api/auth/unlink-provider", "POST", { provider: "github" })],
	"POST passkey/options": [own("/api/auth/passkey/options", "POST", {})],
	"POST passkey/add": [own("/api/auth/passkey/add", "POST", {})],
	"POST passkey/remove": [own("/api/auth/passkey/remove", "POST", { id: "none" })],
	"POST passkey/challenge": [own("/api/auth/passkey/challenge", "POST", {})],
	"POST passkey/prove": [own("/api/auth/passkey/prove", "POST", {})],
	"POST sign-in/passkey": [own("/api/auth/sign-in/passkey", "POST", {})],
	"POST end-session": [
		of(
			auth("end-session", ({ session }) => ({ id: session })),
			ADA,
		),
	],
	"POST update-user": [own("/api/auth/update-user", "POST", { name: "Grace" })],
	"POST organization/create": [account("/api/auth/organization/create", "POST", { name: "Mine", slug: id() })],
	"POST organization/update": [
		of(
			auth("organization/update", ({ organization }) => ({ organizationId: organization, data: { name: "Theirs" } })),
			LEADERS,
			{
				knows: INSIDERS,
			},
		),
	],
	"POST organization/set-active": [
		of(
			auth("organization/set-active", ({ organization }) => ({ organizationId: organization })),
			INSIDERS,
		),
	],
	"POST organization/invite-member": [
		of(
			auth("organization/invite-member", ({ organization }) => ({ organizationId: organization, email: "new@example.com", role: "owner" })),
			LEADERS,
			{ knows: INSIDERS },
		),
	],
	"POST organization/cancel-invitation": [
		of(
			auth("organization/cancel-invitation", ({ invitation }) => ({ invitationId: invitation })),
			LEADERS,
			{ knows: INSIDERS },
		),
	],
	"POST organization/accept-invitation": [
		of(
			auth("organization/accept-invitation", ({ invitation }) => ({ invitationId: invitation })),
			[],
			{ knows: ACTORS },
		),
	],
	"POST organization/reject-invitation": [
		of(
			auth("organization/reject-invitation", ({ invitation }) => ({ invitationId: invitation })),
			[],
			{ knows: ACTORS },
		),
	],
	"POST organization/update-member-role": [
		of(
			auth("organization/update-member-role", ({ organization, membership }) => ({
				organizationId: organization,
				memberId: membership,
				role: "owner",
			})),
			LEADERS,
			{ knows: INSIDERS },
		),
	],
	"POST organization/remove-member": [
		of(
			auth("organization/remove-member", ({ organization, membership }) => ({ organizationId: organization, memberIdOrEmail: membership })),
			LEADERS,
			{ knows: INSIDERS },
		),
	],
	"POST organization/leave": [
		of(
			auth("organization/leave", ({ organization }) => ({ organizationId: organization })),
			INSIDERS,
		),
	],
	// These end the caller's own sessions, so that no later call would work.
	"POST sign-out": [],
	"POST revoke-sessions": [],
	"POST revoke-other-sessions": [],
};

const load =
	(name: string, data?: (ids: Ids) => unknown) =>
	(ids: Ids): Call => ({ path: `function ${name}`, data: data?.(ids) });
const ownFunction = (name: string, data?: unknown): Entry =>
	of(
		load(name, () => data),
		[],
		OWN,
	);

/** Server functions, by name. */
const FUNCTIONS: Record<string, Entry[]> = {
	createCheckoutSession: [ownFunction("createCheckoutSession", { priceSlug: "no-such-price", successUrl: "/", cancelUrl: "/" })],
	loadChat: [
		of(
			load("loadChat", ({ chat }) => ({ id: chat })),
			ADA,
		),
	],
	loadChats: [ownFunction("loadChats", "")],
	loadConfirmation: [ownFunction("loadConfirmation", "none")],
	loadEmailChange: [ownFunction("loadEmailChange", "none")],
	loadFreeLimit: [ownFunction("loadFreeLimit")],
	loadInstructions: [ownFunction("loadInstructions")],
	// Anyone with an invitation's link may read the invitation.
	loadInvitation: [
		of(
			load("loadInvitation", ({ invitation }) => invitation),
			[],
			{ knows: ACTORS },
		),
	],
	loadKeys: [ownFunction("loadKeys")],
	loadLeaving: [ownFunction("loadLeaving")],
	loadLegal: [ownFunction("loadLegal", "privacy")],
	loadMailLink: [ownFunction("loadMailLink", "none")],
	loadMatchingChats: [
		of(
			load("loadMatchingChats", () => OF_ADA),
			ADA,
		),
	],
	loadOrganizations: [
		of(
			load("loadOrganizations", ({ organization }) => organization),
			INSIDERS,
		),
	],
	loadPricing: [ownFunction("loadPricing")],
	loadProviders: [ownFunction("loadProviders")],
	loadSecurity: [ownFunction("loadSecurity")],
	loadShared: [
		of(
			load("loadShared", ({ share }) => share),
			[],
			{ knows: ACTORS },
		),
	],
	loadShares: [ownFunction("loadShares")],
	loadShell: [ownFunction("loadShell")],
	loadTellsUsage: [ownFunction("loadTellsUsage")],
	loadUsageHistory: [ownFunction("loadUsageHistory")],
};

/** Pages and plain files. */
const PAGES: Record<string, Entry[]> = {
	"/": [own("/")],
	"/.well-known/security.txt": [own("/.well-known/security.txt")],
	"/account": [own("/account")],
	"/account/appearance": [own("/account/appearance")],
	"/account/data": [own("/account/data")],
	"/account/keys": [own("/account/keys")],
	"/account/organization": [own("/account/organization")],
	"/account/plan": [own("/account/plan")],
	"/account/profile": [own("/account/profile")],
	"/account/usage": [own("/account/usage")],
	"/c/some": [of(({ chat }) => ({ path: `/c/${chat}` }), ADA)],
	"/change-email": [own("/change-email?token=none")],
	"/confirm-email": [own("/confirm-email?token=none")],
	"/imprint": [own("/imprint")],
	"/invitation/some": [of(({ invitation }) => ({ path: `/invitation/${invitation}` }), [], { knows: ACTORS })],
	"/leaving": [own("/leaving")],
	"/mail-link": [own("/mail-link?token=none")],
	"/pricing": [own("/pricing")],
	"/privacy": [own("/privacy")],
	// Anyone with the link reads it.
	"/s/some": [of(({ share }) => ({ path: `/s/${share}` }), [], { knows: ACTORS })],
	"/s/some/files/some": [of(({ share, sharedFile }) => ({ path: `/s/${share}/files/${sharedFile}` }), [], { knows: ACTORS })],
	"/shared": [own("/shared")],
	"/sign-in": [own("/sign-in")],
	"/sign-up": [own("/sign-up")],
	"/terms": [own("/terms")],
	"/what-counts": [own("/what-counts")],
};

const ENTRIES = Object.entries({ ...ROUTES, ...KEY_ROUTES, ...AUTH, ...FUNCTIONS, ...PAGES }).flatMap(([route, entries]) =>
	entries.map((entry, at): [string, Entry] => [entries.length > 1 ? `${route} (${at + 1})` : route, entry]),
);

/** What a server function takes, as Start writes it. */
function payloadOf(data: unknown): string {
	const node = (value: unknown, at: number): object => {
		if (value === undefined) return { t: 2, s: 1 };
		if (typeof value === "string") return { t: 1, s: value };
		const entries = Object.entries(value as object);
		return { t: 10, i: at, p: { k: entries.map(([key]) => key), v: entries.map(([, one]) => node(one, at + 1)) }, o: 0 };
	};
	return JSON.stringify({ t: node(data === undefined ? {} : { data }, 0), f: 63, m: [] });
}

async function answer(
	client: Client,
	{ method = "GET", path, json, data }: Call,
	bearer?: string,
): Promise<{ status: number; body: string; to: string | null }> {
	const name = path.startsWith("function ") ? path.slice(9) : null;
	const credential: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
	const headers = { ...anyAddress(), ...credential, ...(name && { "x-tsr-serverFn": "true", "content-type": "application/json" }) };
	const isPost = name && methodOf(name) === "POST";
	const query = `?payload=${encodeURIComponent(payloadOf(data))}`;
	const response = name
		? await client.fetch(`${functions.get(name)}${isPost ? "" : query}`, {
				headers,
				...(isPost && { method: "POST", body: payloadOf(data) }),
			})
		: await client.fetch(path, { method, headers, ...(json && { json }) });
	return { status: response.status, body: await response.text(), to: response.headers.get("location") };
}

/** Removes everything that differs between any two calls: the ids themselves, references and times. */
function comparable({ status, body, to }: { status: number; body: string; to: string | null }, ...known: Ids[]): string {
	// How a page is streamed depends on earlier loads. Its content comes from the server functions, whose answers are compared in full.
	const shown = body.startsWith("<!DOCTYPE html>") ? (/<title>[^<]*/.exec(body)?.[0] ?? "") : body;
	let text = `${status} ${to ?? ""} ${shown}`;
	for (const [name, value] of known.flatMap((ids) => Object.entries(ids)))
		text = text.replaceAll(value, `<${name}>`).replaceAll(encodeURIComponent(value), `<${name}>`);
	return text
		.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
		.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<instant>")
		.replaceAll(/\b1\d{12}\b/g, "<ms>");
}

/** An id of the same form that does not exist. */
const nobodys = (value: string): string =>
	value.includes("@")
		? `${id()}@example.com`
		: /^[0-9a-f-]{36}$/.test(value)
			? id()
			: value.replaceAll(/[A-Za-z0-9]/g, (one) => {
					const set = /\d/.test(one) ? "0123456789" : "abcdefghijklmnopqrstuvwxyz";
					return set[Math.floor(Math.random() * set.length)] ?? "";
				});

const world = { clients: {} as Record<Actor, Client>, ids: {} as Ids };

async function ok<T>(response: Promise<Response>): Promise<T> {
	const answered = await response;
	if (!answered.ok) throw new Error(`${answered.status} ${await answered.text()}`);
	return answered.json<T>();
}

async function confirmed(email?: string): Promise<{ client: Client; id: string; email: string }> {
	const client = new Client();
	const user = await client.signUp(email);
	await client.confirm(user.email);
	return { client, ...user };
}

async function joined(head: Client, organization: string, role: string): Promise<{ client: Client; membership: string }> {
	const user = await confirmed();
	const { id: invitationId } = await ok<{ id: string }>(
		head.post("/api/auth/organization/invite-member", { email: user.email, role, organizationId: organization }, anyAddress()),
	);
	await ok(user.client.post("/api/auth/organization/accept-invitation", { invitationId }, anyAddress()));
	await ok(user.client.post("/api/auth/organization/set-active", { organizationId: organization }, anyAddress()));
	const row = env.DB.prepare("SELECT id FROM members WHERE user_id = ?").bind(user.id);
	return { client: user.client, membership: (await row.first<{ id: string }>())?.id ?? "" };
}

beforeAll(async () => {
	await resetSandbox();
	const ada = await confirmed();
	await ada.client.buy("pro_monthly");
	const plan = await eventually(async () => {
		const [found] = (await ada.client.billing()).plans;
		if (!found) throw new Error("no plan yet");
		return found.id;
	});
	const [chat, folder] = [id(), id()];
	const part = await ok<{ url: string }>(
		ada.client.fetch(`/api/chat/${chat}/files?name=plan.txt`, { method: "POST", body: `A plan of ${OF_ADA}` }),
	);
	const parts = [
		{ type: "text", text: `A question of ${OF_ADA}` },
		{ type: "file", url: part.url },
	];
	const { id: answerId } = await hear(
		await ada.client.post("/api/chat/ai", { id: chat, messages: [{ id: "first", role: "user", parts }] }),
	);
	await ok(ada.client.post("/api/folders", { id: folder, name: `In ${OF_ADA}`, instructions: `Follow ${OF_ADA}` }));
	await ok(ada.client.post("/api/instructions", { about: `I am ${OF_ADA}`, answer: "" }));
	const shared = await ok<{ share: { id: string } }>(ada.client.post(`/api/chat/${chat}/share`, { files: true }));
	const view = await env.SHARED_CHAT.getByName(shared.share.id).view();
	const sharedUrl = /"url":"([^"]+)"/.exec(JSON.stringify(view))?.[1] ?? "";
	const { key } = await ok<{ key: { id: string } }>(ada.client.post("/api/keys", { name: `Of ${OF_ADA}`, scopes: ["chat"] }));
	const session = await env.DB.prepare("SELECT id FROM sessions WHERE user_id = ?").bind(ada.id).first<{ id: string }>();

	const head = await confirmed();
	const { id: organization } = await ok<{ id: string }>(
		head.client.post("/api/auth/organization/create", { name: `Of ${OF_ORGANIZATION}`, slug: id() }, anyAddress()),
	);
	await ok(head.client.post("/api/auth/organization/set-active", { organizationId: organization }, anyAddress()));
	const [manager, member, removed] = [
		await joined(head.client, organization, "admin"),
		await joined(head.client, organization, "member"),
		await joined(head.client, organization, "member"),
	];
	await ok(
		head.client.post(
			"/api/auth/organization/remove-member",
			{ organizationId: organization, memberIdOrEmail: removed.membership },
			anyAddress(),
		),
	);
	const invited = await ok<{ id: string }>(
		head.client.post(
			"/api/auth/organization/invite-member",
			{ email: `${OF_ORGANIZATION}@example.com`, role: "member", organizationId: organization },
			anyAddress(),
		),
	);
	const { key: teamKey } = await ok<{ key: { id: string } }>(
		member.client.post("/api/keys", { name: `Of ${OF_ORGANIZATION}`, scopes: ["chat"], organization }),
	);
	const unconfirmed = new Client();
	await unconfirmed.signUp();
	world.clients = {
		nobody: new Client(),
		guest: await new Client().visit(),
		unconfirmed,
		other: (await confirmed()).client,
		ada: ada.client,
		head: head.client,
		manager: manager.client,
		member: member.client,
		removed: removed.client,
		operator: (await confirmed("matrix-admin@example.com")).client,
	};
	world.ids = {
		...{
			chat,
			answer: answerId,
			file: part.url.split("/").at(-1) ?? "",
			share: shared.share.id,
			sharedFile: sharedUrl.split("/").at(-1) ?? "",
			folder,
			user: ada.id,
			email: ada.email,
		},
		...{ session: session?.id ?? "", plan, organization, invitation: invited.id, membership: member.membership },
		...{ key: key.id, teamKey: teamKey.id },
	};
}, 60_000);

/** The rows of ada and of the organization, without the columns that record reads. */
const ROWS: { of: "user" | "organization"; sql: string }[] = [
	{ of: "user", sql: "SELECT name, email, email_verified FROM users WHERE id = ?" },
	{ of: "user", sql: "SELECT provider_id, password FROM accounts WHERE user_id = ?" },
	{ of: "user", sql: "SELECT * FROM second_factors WHERE user_id = ?" },
	{ of: "user", sql: "SELECT id FROM passkeys WHERE user_id = ?" },
	{ of: "user", sql: "SELECT id FROM sessions WHERE user_id = ?" },
	{ of: "user", sql: "SELECT about, answer FROM instructions WHERE user_id = ?" },
	{ of: "user", sql: "SELECT id, name, scopes FROM api_keys WHERE user_id = ? ORDER BY id" },
	{ of: "organization", sql: "SELECT id, name, scopes FROM api_keys WHERE organization_id = ? ORDER BY id" },
	{ of: "organization", sql: "SELECT name, slug, requests_per_member FROM organizations WHERE id = ?" },
	{ of: "organization", sql: "SELECT user_id, role FROM members WHERE organization_id = ? ORDER BY id" },
	{ of: "organization", sql: "SELECT email, role, status FROM invitations WHERE organization_id = ? ORDER BY id" },
];

/** Everything stored about ada and about the organization. */
async function stored(): Promise<unknown> {
	const { user, organization, chat, share } = world.ids;
	const [ofAda, ofAll] = [userKey(user), organizationKey(organization)];
	const countedIn = async (key: string) => {
		const { used, held } = await env.USAGE_LEDGER.getByName(key).usage(key);
		return { used, held };
	};
	const found = await env.DB.batch(ROWS.map(({ of, sql }) => env.DB.prepare(sql).bind(world.ids[of])));
	return {
		rows: found.map(({ results }, n) => ({ of: ROWS[n]?.sql, results })),
		chat: await env.CONVERSATION.getByName(chat).view(ofAda),
		list: await env.CHAT_LIST.getByName(ofAda).front(),
		folders: await env.CHAT_LIST.getByName(ofAda).folders(),
		shared: await env.SHARED_CHAT.getByName(share).view(),
		usage: await countedIn(ofAda),
		pool: await countedIn(ofAll),
	};
}

describe("the matrix", () => {
	test("has an entry for every route, every route of better-auth, every page and every server function", () => {
		expect(Object.keys(ROUTES).toSorted()).toEqual(apiRoutes.filter((route) => route !== "/api/auth/some").toSorted());
		expect(Object.keys(KEY_ROUTES).toSorted()).toEqual(keyRoutes.toSorted());
		expect(Object.keys(AUTH).toSorted()).toEqual(AUTH_ROUTES.toSorted());
		expect(Object.keys(FUNCTIONS).toSorted()).toEqual([...functions.keys()].toSorted());
		expect(Object.keys(PAGES).toSorted()).toEqual([...pages, ...plainFiles].toSorted());
	});

	test.each(ENTRIES)("lets nobody in who should not be: %s", async (_, { call, may, knows = [], told, isOwn, forAccounts }) => {
		const { clients, ids } = world;
		const theirs = Object.fromEntries(Object.entries(ids).map(([name, value]) => [name, nobodys(value)])) as unknown as Ids;
		const isInside = (actor: Actor) => INSIDERS.some((one) => one === actor);
		const before = await stored();
		for (const actor of ACTORS.filter((one) => !may.includes(one))) {
			// Owners may act on themselves.
			if (isOwn && (actor === "ada" || isInside(actor))) continue;
			const asked = await answer(clients[actor], call(ids));
			expect(asked.status, actor).not.toBe(500);
			if (forAccounts && (actor === "nobody" || actor === "guest")) expect(asked.status, actor).toBe(401);
			if (knows.includes(actor)) continue;
			expect(asked.body, actor).not.toContain(OF_ADA);
			if (!isInside(actor)) expect(asked.body, actor).not.toContain(OF_ORGANIZATION);
			if (!isOwn && !told)
				expect(comparable(asked, ids, theirs), actor).toBe(comparable(await answer(clients[actor], call(theirs)), ids, theirs));
		}
		expect(await stored()).toEqual(before);
		if (!isOwn) return;
		for (const actor of ["ada", ...INSIDERS] as const) {
			const asked = await answer(clients[actor], call(ids));
			expect(asked.status, actor).not.toBe(500);
			expect(asked.body, actor).not.toContain(actor === "ada" ? OF_ORGANIZATION : OF_ADA);
		}
	});

	test.each<[string, Actor, (ids: Ids) => Call, string]>([
		["a chat", "ada", ({ chat }) => ({ path: `/api/chat/${chat}/export` }), OF_ADA],
		["a file", "ada", ({ chat, file }) => ({ path: `/api/chat/${chat}/files/${file}` }), OF_ADA],
		["a folder", "ada", () => ({ path: "/api/folders" }), OF_ADA],
		["a share", "nobody", ({ share }) => ({ path: `/s/${share}` }), OF_ADA],
		["a shared file", "nobody", ({ share, sharedFile }) => ({ path: `/s/${share}/files/${sharedFile}` }), OF_ADA],
		["a plan", "ada", () => ({ path: "/api/billing" }), '"plans":[{'],
		["a session", "ada", auth("end-session", ({ session }) => ({ id: session })), "status"],
		[
			"an organization",
			"member",
			({ organization }) => ({ path: `/api/auth/organization/list-members?organizationId=${organization}` }),
			"admin",
		],
		["an invitation", "other", load("loadInvitation", ({ invitation }) => invitation), OF_ORGANIZATION],
		["a user", "operator", ({ user }) => ({ path: `/api/admin/usage?subject=user:${user}` }), '"requests":1'],
	])("asks with the ids of what is there: %s", async (_, actor, call, found) => {
		const { status, body } = await answer(world.clients[actor], call(world.ids));
		expect(status).toBe(200);
		expect(body).toContain(found);
	});
});

describe("a program", () => {
	const SCOPED: Record<Scope, string[]> = { chat: ["/v1/chat/completions", "/v1/responses"], models: ["/v1/models"], usage: ["/v1/usage"] };
	const keyWith = async (scope: Scope) =>
		(await ok<{ secret: string }>(world.clients.other.post("/api/keys", { name: scope, scopes: [scope] }))).secret;
	const token = async () => {
		const asked = { method: "POST", body: JSON.stringify({ claims: { sub: id() } }) };
		return (await ok<{ token: string }>(fetch(`${env.SANDBOX_URL}/issuer/token`, asked))).token;
	};
	// A guest's new chat streams its answer, which differs between two calls.
	const callsOf = (entries: Record<string, Entry[]>) =>
		Object.entries(entries).flatMap(([route, all]) =>
			all.filter(({ told }) => told !== NEW_CHAT).map((entry): [string, () => Call] => [route, () => entry.call(world.ids)]),
		);

	test.each(SCOPES)("with a key of the scope %s reaches its routes and no other", async (scope) => {
		const key = await keyWith(scope);
		for (const [route, call] of callsOf(KEY_ROUTES)) {
			const { status, body } = await answer(new Client(), call(), key);
			const expected = SCOPED[scope].includes(route) ? 200 : route === "/v1/some" ? 404 : 403;
			expect([route, status]).toEqual([route, expected]);
			if (expected === 403) expect(body).toContain("scope_missing");
		}
	});

	test("with the token of somebody unknown here acts for a user of its own", async () => {
		const bearer = await token();
		const before = await stored();
		for (const [route, call] of callsOf(KEY_ROUTES)) {
			const { status, body } = await answer(new Client(), call(), bearer);
			expect([route, status]).toEqual([route, route === "/v1/some" ? 404 : 200]);
			expect(body).not.toContain(OF_ADA);
		}
		expect(JSON.parse((await answer(new Client(), { path: "/v1/usage" }, bearer)).body)).toMatchObject({ tier: "free", used: 2 });
		expect(await stored()).toEqual(before);
	});

	const METERED = new Set(["/api/chat/ai", "/api/usage", "/api/usage-events"]);

	test.each(["a key", "a token"])("with %s is nobody at every other route of ours, page and function", async (what) => {
		const bearer = what === "a key" ? await keyWith("chat") : await token();
		const before = await stored();
		const { used } = JSON.parse((await answer(world.clients.other, { path: "/api/usage" })).body);
		const { email } = JSON.parse((await answer(world.clients.other, { path: "/api/auth/get-session" })).body).user;
		for (const [route, call] of callsOf({ ...ROUTES, ...FUNCTIONS, ...PAGES })) {
			const [asked, asNobody] = [await answer(new Client(), call(), bearer), await answer(new Client(), call())];
			// A token acts for its user there (issuer.test.ts), and a key is no token.
			if (!METERED.has(route)) expect(asked.status, route).toBe(asNobody.status);
			else if (what === "a key") expect(asked.status, route).toBe(401);
			for (const word of [OF_ADA, OF_ORGANIZATION, email, "@issuer.invalid"])
				if (!asNobody.body.includes(word)) expect(asked.body, route).not.toContain(word);
		}
		expect(JSON.parse((await answer(world.clients.other, { path: "/api/usage" })).body).used).toBe(used);
		expect(await stored()).toEqual(before);
	});
});
