import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono, type MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { flowgladApi } from "./api/api.ts";
import { applyDue } from "./clock/apply-due.ts";
import { type Clockwork, createClockwork } from "./clock/clockwork.ts";
import { controlRoutes } from "./control/control.ts";
import { injectedFailure, injectFaults } from "./faults/inject.ts";
import { localOnly } from "./local-only.ts";
import { mailError } from "./mailbox/mailbox.ts";
import { modelRoutes } from "./model/model.ts";
import { issuerRoutes } from "./oauth/issuer.ts";
import { githubRoutes, googleRoutes } from "./oauth/oauth.ts";
import { billingPortalPages } from "./pages/billing-portal.ts";
import { checkoutPages } from "./pages/checkout.ts";
import { inspectorPages } from "./pages/inspector/inspector.ts";
import { invoicePages } from "./pages/invoice.ts";
import { mailboxPages } from "./pages/mailbox.ts";
import { injectedSearchFailure, searchRoutes } from "./search/search.ts";
import type { Settings } from "./settings.ts";
import { emptyState } from "./state.ts";
import { createCommit, readState } from "./state-file.ts";
import { stripeApi } from "./stripe/api/api.ts";
import { injectedError } from "./stripe/api/errors.ts";
import { holdIdempotencyKeys } from "./stripe/api/idempotency.ts";
import { stripePages } from "./stripe/pages/pages.ts";
import type { Env, World } from "./world.ts";

export interface SandboxOptions {
	/** The key the Flowglad API accepts. */
	secretKey: string;
	/** The JSON file of the state; by default the state stays in memory. */
	statePath?: string | undefined;
	/**
	 * The app's address, for links on pages, scenarios and clock moves. Without it links lead to http://localhost:3000, and clock
	 * moves are not sent.
	 */
	appUrl?: string | undefined;
	/** Where webhooks are sent; by default the app's route. */
	webhookUrl?: string | undefined;
	/** Their signing secret, `whsec_` and base64. Without it none are sent. */
	webhookSecret?: string | undefined;
	/** The key Stripe's API accepts. */
	stripeSecretKey?: string | undefined;
	/** Where Stripe's webhooks are sent, besides endpoints created through the API; by default the app's route. */
	stripeWebhookUrl?: string | undefined;
	/** Their signing secret. Without it none are sent there. */
	stripeWebhookSecret?: string | undefined;
	/** Settings that differ from the defaults. */
	settings?: Partial<Settings> | undefined;
	/** The machine's clock in epoch milliseconds; by default Date.now. */
	now?: (() => number) | undefined;
}

const usualAppUrl = "http://localhost:3000";

/** The sandbox as a Hono app. Faults that cut or hang connections need `startSandbox`. */
export function createSandbox(options: SandboxOptions): { app: Hono<Env>; world: World; clockwork: Clockwork } {
	const world = createWorld(options);
	const clockwork = createClockwork(world);
	const app = new Hono<Env>();
	app.use(localOnly());
	app.use(async (_, next) => {
		await next();
		// Before the answer is sent, so that a crash loses nothing that was answered.
		await world.commit();
		clockwork.stir();
	});
	app.use("/api/v1/*", countCalls(world), injectFaults(world, injectedFailure));
	app.use("/v1/*", countCalls(world), holdIdempotencyKeys(), injectFaults(world, injectedError));
	const mailFailure = (status: number, headers: Record<string, string>) => Response.json(mailError(status), { status, headers });
	app.use("/__sandbox/mail", countCalls(world), injectFaults(world, mailFailure));
	const issuerFailure = (status: number, headers: Record<string, string>) => Response.json({ error: "unavailable" }, { status, headers });
	app.use("/issuer/*", countCalls(world), injectFaults(world, issuerFailure));
	app.use("/model/v1/*", countCalls(world));
	for (const kind of ["searxng", "brave", "tavily"] as const)
		app.use(`/search/${kind}`, countCalls(world), injectFaults(world, injectedSearchFailure(kind)));
	app.use(async (_, next) => {
		applyDue(world.state, world.nowMs());
		await next();
	});
	app.route("/api/v1", flowgladApi(world));
	app.route("/v1", stripeApi(world));
	app.route("/model/v1", modelRoutes(world));
	app.route("/search", searchRoutes(world));
	app.route("/github", githubRoutes());
	app.route("/google", googleRoutes());
	app.route("/issuer", issuerRoutes());
	app.route("/__sandbox", controlRoutes(world));
	app.route("/checkout", checkoutPages(world));
	app.route("/billing-portal", billingPortalPages(world));
	app.route("/invoices", invoicePages(world));
	app.route("/stripe", stripePages(world));
	app.route("/mailbox", mailboxPages(world));
	app.route("/", inspectorPages(world));
	app.notFound((c) => c.text("Not Found", 404));
	return { app, world, clockwork };
}

function createWorld(options: SandboxOptions): World {
	const { secretKey, statePath, appUrl, webhookUrl, webhookSecret, settings = {}, now = () => Date.now() } = options;
	if (webhookSecret !== undefined && !/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(webhookSecret))
		throw new Error('The webhook secret must be "whsec_" followed by base64: the SDK verifies with no other kind');
	const world: World = {
		state: statePath === undefined ? emptyState(settings) : readState(statePath, settings),
		nowMs: () => world.state.frozenAtMs ?? now() + world.state.clockOffsetMs,
		machineNowMs: now,
		commit: statePath === undefined ? async () => {} : createCommit(statePath, () => world.state),
		reset: () => {
			world.state = emptyState(settings);
		},
		secretKey,
		appUrl: appUrl ?? usualAppUrl,
		appClockUrl: appUrl === undefined ? null : `${appUrl}/api/dev/clock`,
		webhook:
			webhookSecret === undefined ? null : { url: webhookUrl ?? `${appUrl ?? usualAppUrl}/api/flowglad/webhook`, secret: webhookSecret },
		stripe: stripeAccess(options),
	};
	return world;
}

function stripeAccess({ stripeSecretKey, stripeWebhookUrl, stripeWebhookSecret, appUrl }: SandboxOptions): World["stripe"] {
	return {
		secretKey: stripeSecretKey ?? "sk_test_sandbox",
		webhook:
			stripeWebhookSecret === undefined
				? null
				: { url: stripeWebhookUrl ?? `${appUrl ?? usualAppUrl}/api/stripe/webhook`, secret: stripeWebhookSecret },
	};
}

/** Counts calls by "METHOD /path-pattern", including those that a fault answers. */
function countCalls(world: World): MiddlewareHandler<Env> {
	return async (c, next) => {
		const route = matchedRoutes(c).findLast(({ method }) => method !== "ALL");
		const name = `${c.req.method} ${route?.path ?? c.req.path}`;
		world.state.calls[name] = (world.state.calls[name] ?? 0) + 1;
		await next();
	};
}

export interface RunningSandbox {
	url: string;
	port: number;
	/** The server's context, for tests that must not send a request. */
	world: World;
	close(): Promise<void>;
}

const idleMs = 10 * 60 * 1000;

/** Serves the sandbox on loopback. `port` 0 picks a free one. */
export async function startSandbox({ port, ...options }: SandboxOptions & { port: number }): Promise<RunningSandbox> {
	const { app, world, clockwork } = createSandbox(options);
	const listener = getRequestListener(app.fetch);
	const open = (host: string, onPort: number) =>
		new Promise<Server>((resolve, reject) => {
			const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
			// If the server closed an idle connection, a client's next request on it would be lost.
			server.keepAliveTimeout = idleMs;
			server.once("error", reject);
			server.listen(onPort, host, () => resolve(server));
		});
	const ipv4 = await open("127.0.0.1", port);
	const taken = (ipv4.address() as AddressInfo).port;
	const servers = [ipv4];
	try {
		// Many clients resolve "localhost" to ::1 first. Listen on loopback only.
		servers.push(await open("::1", taken));
	} catch (error) {
		if (!isWithoutIpv6(error)) {
			ipv4.close();
			throw error;
		}
	}
	return {
		url: `http://localhost:${taken}`,
		port: taken,
		world,
		close: async () => {
			clockwork.stop();
			await world.commit();
			const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
			for (const server of servers) server.closeAllConnections();
			await Promise.all(closed);
		},
	};
}

function isWithoutIpv6(error: unknown): boolean {
	return error instanceof Error && "code" in error && (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT");
}
