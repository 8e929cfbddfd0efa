import { isRecord } from "../answer.ts";
import { Client } from "../http.ts";
import { Checks, type Rule } from "../rule.ts";

/** Checks the attributes of a Set-Cookie line that identifies a visitor. */
export function checkCookie(checks: Checks, line: string, origin: string): void {
	const name = line.split("=")[0] ?? "";
	checks.that(/;\s*HttpOnly/i.test(line), `${name} is not HttpOnly`);
	checks.that(/;\s*SameSite=(Lax|Strict)/i.test(line), `${name} is not SameSite`);
	if (origin.startsWith("https:")) checks.that(/^__Host-/.test(name) && /;\s*Secure/i.test(line), `${name} is not __Host- and Secure`);
}

const page: Rule = {
	name: "page",
	did: "GET / in a new browser",
	expected: "200 HTML, private, no-store, with a guest cookie, HttpOnly and SameSite=Lax; on https __Host- and Secure",
	calls: () => 0,
	judge: async (context) => {
		const { status, headers } = await new Client(context.site).read("/");
		const checks = new Checks();
		const cache = headers.get("cache-control") ?? "none";
		const cookie = headers.getSetCookie().find((line) => line.includes("guest")) ?? "";
		checks.that(status === 200, `status ${status}`);
		checks.that((headers.get("content-type") ?? "").startsWith("text/html"), `content-type ${headers.get("content-type")}`);
		checks.that(/private/.test(cache) && /no-store/.test(cache), `cache-control ${cache}`);
		checks.that(cookie !== "", "no guest cookie");
		if (cookie !== "") checkCookie(checks, cookie, context.site.origin);
		return checks.finding(`${status}, ${cache}, cookie ${cookie.split("=")[0]}`);
	},
};

const health: Rule = {
	name: "health",
	did: "GET /api/health",
	expected: '200, status "ok" and the build',
	calls: () => 0,
	judge: async (context) => {
		const { status, json } = await new Client(context.site).read("/api/health");
		const checks = new Checks();
		const said = isRecord(json) ? json : {};
		checks.that(status === 200, `status ${status}`);
		checks.that(said.status === "ok", `status "${String(said.status)}" ${JSON.stringify(said.checks ?? {})}`);
		checks.that(typeof said.build === "string" && said.build !== "", "no build");
		return checks.finding(`200, build ${String(said.build)}`);
	},
};

export const site: Rule[] = [health, page];
