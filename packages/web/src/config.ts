import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { mailFrom, securityContact, systemText } from "virtual:brand";
import { DEFAULT_LIMITS, type Limits } from "@parley/metering";
import { type ModelEntry, parseModels } from "@parley/plans/models";
import shippedModels from "@parley/plans/models.json" with { type: "json" };
import { z } from "zod";
import { instructionTokens, plainInstruction } from "./instructions.ts";
import { OwnError } from "./log.ts";
import type { ProviderId } from "./sign-in-providers.ts";
import { suggestedPrompts } from "./suggested-prompts.ts";
import type { SuggestedPrompt } from "./view/chat.ts";

/** Every setting of a deployment, validated once. No other file reads variables. */
export interface Config {
	authSecret: string;
	/** The public origin, such as `https://parley.example`. Other hosts are refused, except this machine. Null on a local start. */
	appOrigin: string | null;
	/** The first signs and all verify, so a secret can be rotated without losing guests. */
	guestCookieSecrets: [string, ...string[]];
	/** The models on offer, default first. `demo`: none is configured, and built-in ones answer. */
	models: { kind: "demo" } | { kind: "configured"; version: string; entries: ModelEntry[] };
	/** The system prompt of every model, with its estimated tokens; "" for none. */
	systemPrompt: { text: string; tokens: number };
	/** The prompts suggested for a new chat; null for the brand's. */
	suggestedPrompts: SuggestedPrompt[] | null;
	billing: BillingConfig;
	/** The default payer of a member's new session: the user, or the organization they joined first. The user can switch. */
	billingSubject: "user" | "organization";
	/** How mails are sent: an endpoint compatible with Resend, Cloudflare's binding EMAIL, or the log. */
	email: { from: string } & ({ kind: "log" | "cloudflare" } | { kind: "http"; url: string; apiKey: string | undefined });
	/** Where to report a vulnerability, as a URL a person can open; null disables `/.well-known/security.txt`. */
	securityContact: string | null;
	/** Users with one of these confirmed addresses may use /api/admin. Lower case. */
	adminEmails: string[];
	/** The sandbox's clock, which the app follows (lib/time/dev-clock.ts). Only under `npm start`. */
	devClockUrl: string | null;
	/** The page where the sandbox shows the mail it received. Only under `npm start`. */
	mailboxUrl: string | null;
	/** Also the limits of pools, each per UTC day. `everyGuest` is null for no ceiling. */
	limits: Limits & { unconfirmed: number; signUps: number; everyGuest: number | null };
	/** Cloudflare Turnstile, for sign-ups, and for a new guest once its network has used half of its pool. Null if its keys are not set. */
	turnstile: { siteKey: string; secretKey: string; verifyUrl: string } | null;
	/** OAuth clients for sign-in, each present if both of its variables are set. */
	oauth: Record<ProviderId, OAuthClient | null>;
	/** The issuer whose tokens identify a user at the API. Null if none is configured. */
	issuer: IssuerConfig | null;
	/** Whether a subscriber with no plan and top-up requests left still has the free day, on free-tier models. */
	paidKeepsFreeDay: boolean;
	/** Days that the ledger of a deleted account or organization is kept. It no longer identifies anyone. */
	ledgerKeptDays: number;
	/** Days that a chat is kept after its last use, by its owner's tier; null for forever. */
	chatKeptDays: Record<"guest" | "free" | "paid", number | null>;
	/** The web search endpoint. Null if none is configured; then requests may not use search. */
	search: SearchConfig | null;
}

/** This deployment's registration at a provider. `baseUrl` replaces the provider's own addresses, only on a local start. */
export interface OAuthClient {
	clientId: string;
	clientSecret: string;
	baseUrl: string | null;
}

/** An external identity provider whose tokens (JWT) the API accepts. */
export interface IssuerConfig {
	/** Its exact value in `iss`. */
	issuer: string;
	/** Required in `aud`, so that a token for another service is not accepted here. */
	audience: string;
	jwksUrl: string;
	/** The claims with a person's id, email, whether the issuer has confirmed it, and name. A dot leads into an object. */
	claims: Record<(typeof CLAIMS)[number], string>;
}

const CLAIMS = ["id", "email", "emailVerified", "name"] as const;
const DEFAULT_CLAIMS: IssuerConfig["claims"] = { id: "sub", email: "email", emailVerified: "email_verified", name: "name" };

/** The endpoint all searches are sent to. */
export interface SearchConfig {
	kind: (typeof SEARCH_KINDS)[number];
	/** The search URL, such as `https://api.tavily.com/search`. */
	url: string;
	apiKey: string | undefined;
	/** The price of a search, units. */
	units: number;
}

/** The supported kinds of search endpoints (lib/chat/search/form.ts). */
const SEARCH_KINDS = ["searxng", "brave", "tavily"] as const;

/** The provider that sells the plans. `webhookSecret` verifies its webhooks; null refuses all of them. */
type BillingConfig =
	| { kind: "none" }
	| { kind: "flowglad"; secretKey: string; baseUrl: string | undefined; webhookSecret: string | null }
	/** `proPrice`: the lookup key or id of the Pro plan's price. */
	| { kind: "stripe"; secretKey: string; baseUrl: string | undefined; webhookSecret: string | null; proPrice: string };

/** Treats an empty variable as not set, because `.dev.vars.example` is copied with its blanks. */
const optional = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
const count = optional(z.coerce.number().int().min(1).max(1_000_000));
/** Per network and UTC day: the requests shared by its unconfirmed accounts, and the accounts it can create. */
const UNCONFIRMED_REQUESTS_DAILY = 60;
const SIGN_UPS_DAILY = 20;
/** As long as daily totals are kept. */
const LEDGER_KEPT_DAYS = 400;
const secret = z.string().min(16, "is missing or shorter than 16 characters");

/** Whether a host is this machine, which is true on a local start and never in production. */
export function isLoopback(host: string): boolean {
	return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

const loopbackUrl = z.string().refine((text) => {
	const url = URL.canParse(text) ? new URL(text) : null;
	return url?.protocol === "http:" && isLoopback(url.hostname);
}, "is only for a local start: an http address of this machine");

const siteOrigin = z
	.string()
	.refine((text) => {
		const url = URL.canParse(text) ? new URL(text) : null;
		const isSecure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
		return isSecure && url?.href === `${url?.origin}/`;
	}, "is not the https address of a site without a path, such as https://your.app")
	.transform((text) => new URL(text).origin);

/** The variables, one per line of .dev.vars.example. */
export const variables = z.object({
	BETTER_AUTH_SECRET: secret,
	GUEST_COOKIE_SECRET: z
		.string("is missing")
		.transform((list) => list.split(",").map((one) => one.trim()))
		.pipe(z.tuple([secret], secret)),
	APP_ORIGIN: optional(siteOrigin),
	AI_BASE_URL: optional(z.url({ protocol: /^https?$/, error: "is not an http or https address" })),
	AI_API_KEY: optional(z.string()),
	AI_MODELS: optional(z.string()),
	AI_MODEL_UNITS: optional(z.string()),
	AI_IMAGE_MODELS: optional(z.string()),
	MODELS: optional(z.string()),
	SYSTEM_PROMPT: optional(z.string()),
	SUGGESTED_PROMPTS: optional(z.string()),
	BILLING_PROVIDER: optional(z.enum(["flowglad", "stripe", "none"])),
	FLOWGLAD_SECRET_KEY: optional(z.string()),
	FLOWGLAD_BASE_URL: optional(z.url()),
	BILLING_SUBJECT: optional(z.enum(["user", "organization"])),
	FLOWGLAD_WEBHOOK_SECRET: optional(z.string().regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, 'is not "whsec_" and base64')),
	STRIPE_SECRET_KEY: optional(z.string()),
	STRIPE_BASE_URL: optional(loopbackUrl),
	STRIPE_WEBHOOK_SECRET: optional(z.string().startsWith("whsec_", 'does not begin with "whsec_"')),
	STRIPE_PRO_PRICE: optional(z.string()),
	EMAIL_URL: optional(z.url()),
	EMAIL_API_KEY: optional(z.string()),
	EMAIL_FROM: optional(z.string()),
	GITHUB_CLIENT_ID: optional(z.string()),
	GITHUB_CLIENT_SECRET: optional(z.string()),
	GITHUB_BASE_URL: optional(loopbackUrl),
	GOOGLE_CLIENT_ID: optional(z.string()),
	GOOGLE_CLIENT_SECRET: optional(z.string()),
	GOOGLE_BASE_URL: optional(loopbackUrl),
	JWT_ISSUER: optional(z.string()),
	JWT_AUDIENCE: optional(z.string()),
	JWT_JWKS_URL: optional(z.union([z.url({ protocol: /^https$/ }), loopbackUrl], "is not an https address")),
	JWT_CLAIMS: optional(z.string()),
	MAILBOX_URL: optional(z.url()),
	DEV_CLOCK_URL: optional(loopbackUrl),
	SECURITY_CONTACT: optional(z.url({ protocol: /^(?:https|mailto|tel)$/, error: "is not an https, mailto or tel address" })),
	ADMIN_EMAILS: optional(z.string()),
	GUEST_FREE_REQUESTS: count,
	AUTH_FREE_REQUESTS_DAILY: count,
	PAID_PLAN_REQUESTS: count,
	NETWORK_FREE_REQUESTS_DAILY: count,
	NETWORK_UNCONFIRMED_REQUESTS_DAILY: count,
	NETWORK_SIGN_UPS_DAILY: count,
	ALL_GUESTS_REQUESTS_DAILY: count,
	PAID_KEEPS_FREE_DAY: optional(z.stringbool()),
	TURNSTILE_SITE_KEY: optional(z.string()),
	TURNSTILE_SECRET_KEY: optional(z.string()),
	TURNSTILE_VERIFY_URL: optional(z.url()),
	LEDGER_KEPT_DAYS: optional(z.coerce.number().int().min(1).max(4_000)),
	CHAT_KEPT_DAYS: optional(z.string()),
	SEARCH_URL: optional(z.url({ protocol: /^https?$/, error: "is not an http or https address" })),
	SEARCH_KIND: optional(z.enum(SEARCH_KINDS)),
	SEARCH_API_KEY: optional(z.string()),
	SEARCH_UNITS: optional(z.coerce.number().int().min(1).max(999)),
});

/** Thrown when the configuration is invalid. The message names each variable and belongs in the log only. */
export class ConfigError extends OwnError {
	override name = "ConfigError";
}

/**
 * Validates bindings and secrets.
 * @throws {ConfigError} naming each variable that is missing or malformed
 */
export function readConfig(bindings: Record<string, unknown>): Config {
	const parsed = variables.safeParse(bindings);
	if (!parsed.success)
		throw new ConfigError(`Configuration: ${parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}`);
	const vars = parsed.data;
	const models = readModels(vars, bindings);
	return {
		authSecret: vars.BETTER_AUTH_SECRET,
		appOrigin: vars.APP_ORIGIN ?? null,
		guestCookieSecrets: vars.GUEST_COOKIE_SECRET,
		models,
		systemPrompt: readSystemPrompt(vars.SYSTEM_PROMPT, models),
		suggestedPrompts: readPrompts(vars.SUGGESTED_PROMPTS),
		billing: readBilling(vars),
		billingSubject: vars.BILLING_SUBJECT ?? "user",
		email: {
			from: vars.EMAIL_FROM ?? mailFrom,
			...(vars.EMAIL_URL
				? { kind: "http", url: vars.EMAIL_URL, apiKey: vars.EMAIL_API_KEY }
				: { kind: isEmailBinding(bindings.EMAIL) ? "cloudflare" : "log" }),
		},
		oauth: {
			github: readOAuth("GITHUB", vars.GITHUB_CLIENT_ID, vars.GITHUB_CLIENT_SECRET, vars.GITHUB_BASE_URL),
			google: readOAuth("GOOGLE", vars.GOOGLE_CLIENT_ID, vars.GOOGLE_CLIENT_SECRET, vars.GOOGLE_BASE_URL),
		},
		issuer: readIssuer(vars),
		securityContact: vars.SECURITY_CONTACT ?? securityContact,
		adminEmails: listOf(vars.ADMIN_EMAILS).map((email) => email.toLowerCase()),
		devClockUrl: vars.DEV_CLOCK_URL ?? null,
		mailboxUrl: vars.MAILBOX_URL ?? null,
		limits: {
			guest: vars.GUEST_FREE_REQUESTS ?? DEFAULT_LIMITS.guest,
			free: vars.AUTH_FREE_REQUESTS_DAILY ?? DEFAULT_LIMITS.free,
			paid: vars.PAID_PLAN_REQUESTS ?? DEFAULT_LIMITS.paid,
			network: vars.NETWORK_FREE_REQUESTS_DAILY ?? DEFAULT_LIMITS.network,
			unconfirmed: vars.NETWORK_UNCONFIRMED_REQUESTS_DAILY ?? UNCONFIRMED_REQUESTS_DAILY,
			signUps: vars.NETWORK_SIGN_UPS_DAILY ?? SIGN_UPS_DAILY,
			everyGuest: vars.ALL_GUESTS_REQUESTS_DAILY ?? null,
			inFlight: DEFAULT_LIMITS.inFlight,
		},
		turnstile: readTurnstile(vars),
		paidKeepsFreeDay: vars.PAID_KEEPS_FREE_DAY ?? true,
		ledgerKeptDays: vars.LEDGER_KEPT_DAYS ?? LEDGER_KEPT_DAYS,
		chatKeptDays: readKeptDays(vars.CHAT_KEPT_DAYS),
		search: readSearch(vars),
	};
}

/** The system prompt may take at most half a step of each model. The other half is for the message, so that a short one costs no second step. */
function readSystemPrompt(given: string | undefined, models: Config["models"]): Config["systemPrompt"] {
	const text = plainInstruction(given ?? systemText);
	const tokens = instructionTokens("site", text);
	const steps = models.kind === "demo" ? [] : models.entries.filter(({ purpose }) => purpose === "chat");
	const narrow = steps.find(({ inputStep }) => tokens > inputStep / 2);
	if (narrow)
		throw new ConfigError(
			`Configuration: ${given === undefined ? "systemText of brand.json" : "SYSTEM_PROMPT"} has ${tokens} tokens, more than half a step of the model ${narrow.id} (inputStep ${narrow.inputStep})`,
		);
	return { text, tokens };
}

function readPrompts(json: string | undefined): SuggestedPrompt[] | null {
	try {
		return suggestedPrompts(json);
	} catch (error) {
		throw new ConfigError(`Configuration: SUGGESTED_PROMPTS ${error instanceof Error ? error.message : error}`);
	}
}

/** The provider named by BILLING_PROVIDER, or the one whose key is set. Flowglad if both are. */
function readBilling(vars: z.infer<typeof variables>): BillingConfig {
	const { FLOWGLAD_SECRET_KEY, STRIPE_SECRET_KEY } = vars;
	const kind = vars.BILLING_PROVIDER ?? (FLOWGLAD_SECRET_KEY ? "flowglad" : STRIPE_SECRET_KEY ? "stripe" : "none");
	if (kind === "none") return { kind };
	if (kind === "flowglad") {
		if (!FLOWGLAD_SECRET_KEY) throw new ConfigError("Configuration: BILLING_PROVIDER is flowglad, so FLOWGLAD_SECRET_KEY must be set");
		const { FLOWGLAD_BASE_URL: baseUrl, FLOWGLAD_WEBHOOK_SECRET: webhookSecret = null } = vars;
		return { kind, secretKey: FLOWGLAD_SECRET_KEY, baseUrl, webhookSecret };
	}
	if (!STRIPE_SECRET_KEY) throw new ConfigError("Configuration: BILLING_PROVIDER is stripe, so STRIPE_SECRET_KEY must be set");
	const { STRIPE_BASE_URL: baseUrl, STRIPE_WEBHOOK_SECRET: webhookSecret = null, STRIPE_PRO_PRICE: proPrice = "pro_monthly" } = vars;
	return { kind, secretKey: STRIPE_SECRET_KEY, baseUrl, webhookSecret, proPrice };
}

/** The models: MODELS, or those of the quick start, or those in models.json whose secrets are set. */
function readModels(vars: z.infer<typeof variables>, bindings: Record<string, unknown>): Config["models"] {
	const all = vars.MODELS ? modelsIn(vars.MODELS) : vars.AI_BASE_URL ? quickStart(vars, vars.AI_BASE_URL) : parseModels(shippedModels);
	const isUsable = (one: ModelEntry["upstreams"][number]) =>
		one.kind === "workers-ai"
			? bindings[one.binding] !== undefined
			: one.apiKeyVariable === undefined || Boolean(bindings[one.apiKeyVariable]);
	const entries = all
		.map((entry) => ({ ...entry, upstreams: entry.upstreams.filter(isUsable) }))
		.filter(({ upstreams }) => upstreams.length > 0);
	if (!entries.some(({ purpose }) => purpose === "chat")) return { kind: "demo" };
	return { kind: "configured", version: digestOf(entries), entries };
}

function modelsIn(json: string): ModelEntry[] {
	let file: unknown;
	try {
		file = JSON.parse(json);
	} catch {
		throw new ConfigError("Configuration: MODELS is not JSON");
	}
	try {
		return parseModels(file, "MODELS");
	} catch (error) {
		throw new ConfigError(`Configuration: ${error instanceof Error ? error.message.replaceAll("\n", "; ") : error}`);
	}
}

/** Safe limits for models known only by name. The price is that of an expensive model, so that the worst case is not underestimated. */
function quickStart(vars: z.infer<typeof variables>, baseUrl: string): ModelEntry[] {
	const weights = readUnits(vars.AI_MODEL_UNITS);
	const seeing = new Set(listOf(vars.AI_IMAGE_MODELS));
	const models = listOf(vars.AI_MODELS).map((entry): ModelEntry => {
		const [id = "", label = id] = entry.split("=").map((text) => text.trim());
		return {
			id,
			label,
			weight: weights.get(id) ?? 1,
			inputStep: 8_000,
			maxOutput: 4_000,
			contextWindow: 128_000,
			efforts: {},
			tiers: ["guest", "free", "paid"],
			price: { input: 1.25, cachedInput: 1.25, output: 10 },
			silenceSeconds: 180,
			accepts: seeing.has(id) ? ["text", "image"] : ["text"],
			purpose: "chat",
			upstreams: [{ kind: "openai-compatible", baseUrl, apiKeyVariable: vars.AI_API_KEY ? "AI_API_KEY" : undefined, model: id }],
			allowLoss: true,
		};
	});
	if (models.length === 0) throw new ConfigError("Configuration: AI_BASE_URL is set, so AI_MODELS must name at least one model");
	if ([...seeing].some((seen) => !models.some(({ id }) => id === seen)))
		throw new ConfigError("Configuration: AI_IMAGE_MODELS names a model that AI_MODELS does not");
	return models;
}

/** Identifies a set of models. Requests store it, so that a later change can be detected. */
const digestOf = (entries: ModelEntry[]) => createHash("sha256").update(JSON.stringify(entries)).digest("hex").slice(0, 12);

/** Parses `gpt-5=5`: a request to this model costs five units. */
function readUnits(list: string | undefined): Map<string, number> {
	const units = new Map<string, number>();
	for (const entry of listOf(list)) {
		const [id = "", weight = ""] = entry.split("=").map((text) => text.trim());
		if (!id || !/^[1-9]\d{0,2}$/.test(weight))
			throw new ConfigError("Configuration: AI_MODEL_UNITS is a list of model=units, units from 1 to 999");
		units.set(id, Number(weight));
	}
	return units;
}

function readKeptDays(list: string | undefined): Config["chatKeptDays"] {
	const kept: Config["chatKeptDays"] = { guest: null, free: null, paid: null };
	for (const entry of listOf(list)) {
		const [, tier, days] = /^(guest|free|paid)\s*=\s*([1-9]\d{0,3})$/.exec(entry) ?? [];
		if (tier === undefined) throw new ConfigError("Configuration: CHAT_KEPT_DAYS is a list of tier=days, such as guest=30,free=365");
		kept[tier as keyof typeof kept] = Number(days);
	}
	return kept;
}

function listOf(commaSeparated = ""): string[] {
	return commaSeparated
		.split(",")
		.map((one) => one.trim())
		.filter(Boolean);
}

function readTurnstile(vars: z.infer<typeof variables>): Config["turnstile"] {
	const { TURNSTILE_SITE_KEY: siteKey, TURNSTILE_SECRET_KEY: secretKey } = vars;
	if (!siteKey && !secretKey) return null;
	if (!siteKey || !secretKey)
		throw new ConfigError("Configuration: TURNSTILE_SITE_KEY and TURNSTILE_SECRET_KEY are set together or not at all");
	return { siteKey, secretKey, verifyUrl: vars.TURNSTILE_VERIFY_URL ?? "https://challenges.cloudflare.com/turnstile/v0/siteverify" };
}

function readOAuth(name: string, clientId: string | undefined, clientSecret: string | undefined, baseUrl: string | undefined) {
	if (!clientId && !clientSecret) return null;
	if (!clientId || !clientSecret)
		throw new ConfigError(`Configuration: ${name}_CLIENT_ID and ${name}_CLIENT_SECRET are set together or not at all`);
	return { clientId, clientSecret, baseUrl: baseUrl?.replace(/\/$/, "") ?? null };
}

/** The issuer. Its keys default to the usual location of OpenID Connect providers. */
function readIssuer({
	JWT_ISSUER: issuer,
	JWT_AUDIENCE: audience,
	JWT_JWKS_URL,
	JWT_CLAIMS,
}: z.infer<typeof variables>): IssuerConfig | null {
	if (!issuer && !audience) return null;
	if (!issuer || !audience) throw new ConfigError("Configuration: JWT_ISSUER and JWT_AUDIENCE are set together or not at all");
	const jwksUrl = JWT_JWKS_URL ?? `${issuer.replace(/\/$/, "")}/.well-known/jwks.json`;
	if (!JWT_JWKS_URL && !/^https:/.test(jwksUrl))
		throw new ConfigError("Configuration: JWT_ISSUER is no https address, so JWT_JWKS_URL must be set");
	return { issuer, audience, jwksUrl, claims: { ...DEFAULT_CLAIMS, ...readClaims(JWT_CLAIMS) } };
}

/** Parses `email=primary_email`: the email is in the claim `primary_email`. */
function readClaims(list: string | undefined): Partial<IssuerConfig["claims"]> {
	const claims: Partial<IssuerConfig["claims"]> = {};
	for (const entry of listOf(list)) {
		const [name, claim = ""] = entry.split("=").map((text) => text.trim());
		const known = CLAIMS.find((one) => one === name);
		if (!known || !claim) throw new ConfigError(`Configuration: JWT_CLAIMS is a list of name=claim, names being ${CLAIMS.join(", ")}`);
		claims[known] = claim;
	}
	return claims;
}

function readSearch(vars: z.infer<typeof variables>): SearchConfig | null {
	const { SEARCH_URL: url, SEARCH_KIND: kind, SEARCH_API_KEY: apiKey, SEARCH_UNITS: units = 1 } = vars;
	if (!url && !kind) return null;
	if (!url || !kind) throw new ConfigError("Configuration: SEARCH_URL and SEARCH_KIND are set together or not at all");
	if (kind !== "searxng" && !apiKey) throw new ConfigError(`Configuration: SEARCH_KIND is ${kind}, so SEARCH_API_KEY must be set`);
	return { kind, url, apiKey, units };
}

let parsed: Config | undefined;

/**
 * The configuration, parsed once per isolate, since bindings do not change during its life.
 * @throws {ConfigError}
 */
export function config(): Config {
	parsed ??= readConfig({ ...env });
	return parsed;
}

/** A secret named in models.json. */
export function secretOf(variable: string | undefined): string | undefined {
	const value = variable === undefined ? undefined : ({ ...env } as Record<string, unknown>)[variable];
	return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * The Workers AI binding with this name.
 * @throws if there is none
 */
export function aiBinding(name: string): AiBinding {
	const binding = ({ ...env } as Record<string, unknown>)[name];
	if (typeof binding !== "object" || binding === null || !("run" in binding)) throw new OwnError(`${name} is no Workers AI binding`);
	return binding as AiBinding;
}

/** The part of Cloudflare's email binding that we use. */
interface EmailBinding {
	send(mail: { from: string; to: string; subject: string; html: string; text: string }): Promise<unknown>;
}

const isEmailBinding = (binding: unknown): binding is EmailBinding => typeof binding === "object" && binding !== null && "send" in binding;

/** The binding EMAIL. @throws if there is none */
export function emailBinding(): EmailBinding {
	const binding = ({ ...env } as Record<string, unknown>).EMAIL;
	if (!isEmailBinding(binding)) throw new OwnError("EMAIL is no email binding");
	return binding;
}

/** The part of the Workers AI binding that we use. */
export interface AiBinding {
	run(model: string, input: Record<string, unknown>, options: { signal?: AbortSignal | null | undefined }): Promise<unknown>;
}
