import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../config.ts";
import { isKeyRefused } from "../../db/ledger-reports.ts";
import { api } from "../../lib/http/api.ts";
import { guestKey } from "../../lib/identity/subject-key.ts";
import { logFailure } from "../../log.ts";

export const Route = createFileRoute("/api/health")({
	server: { handlers: api({ GET: health }) },
});

/** A ledger without an owner. Reading it stores nothing. */
const PROBE = guestKey("health");

/**
 * Checks the parts every request needs. Billing and model are reported as configured, because requests survive their failure. Billing is
 * `unauthorized` if the provider refused our key within the last hour, and `unknown` if that could not be read.
 */
async function health(): Promise<Response> {
	const [d1, ledger, configured, key] = await Promise.all([
		// Reads the table but no row: anyone may call this, and D1 bills each row read.
		check(() => env.DB.prepare("SELECT 1 FROM users WHERE id = ''").first()),
		check(() => env.USAGE_LEDGER.getByName(PROBE).usage(PROBE)),
		check(() => config()),
		keyState(),
	]);
	const checks = {
		d1,
		ledger,
		billing: configured !== "ok" ? configured : key === "accepted" ? config().billing.kind : key,
		model: configured === "ok" ? config().models.kind : configured,
	};
	const healthy = [d1, ledger, configured].every((state) => state === "ok");
	return Response.json({ status: healthy ? "ok" : "failing", build: __BUILD__, checks }, { status: healthy ? 200 : 503 });
}

async function keyState(): Promise<"accepted" | "unauthorized" | "unknown"> {
	try {
		return (await isKeyRefused(Date.now())) ? "unauthorized" : "accepted";
	} catch (error) {
		logFailure("health", error);
		return "unknown";
	}
}

async function check(probe: () => unknown): Promise<"ok" | "failing"> {
	try {
		await probe();
		return "ok";
	} catch (error) {
		logFailure("health", error);
		return "failing";
	}
}
