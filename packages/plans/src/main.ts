// `npm run billing:push` and `npm run billing:diff`: compares plans.json with Stripe or Flowglad, and applies it.
//
//   --provider stripe|flowglad   default: BILLING_PROVIDER, else the provider that has a key
//   --app-url https://your.app   also checks that app's webhook endpoint; its secret is printed once
//
// Exits with 0 if the provider matches plans.json, 1 if it differs (or manual steps remain), 2 on an error.
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Access, findAccess, providerNames } from "./access.ts";
import { flowgladProvider, isFlowgladUnreachable } from "./flowglad/provider.ts";
import { readPlans } from "./plan-file.ts";
import { type Provider, printDifferences, push } from "./reconcile.ts";
import { isStripeUnreachable, stripeProvider } from "./stripe/provider.ts";

const usage = "npm run billing:push|billing:diff -- [--provider stripe|flowglad] [--app-url https://your.app]";

/** Where a command writes: the console, except in tests. */
type Output = Pick<Console, "log" | "error">;

function parse(args: string[]) {
	const { values, positionals } = parseArgs({
		args,
		options: { provider: { type: "string" }, "app-url": { type: "string" } },
		allowPositionals: true,
	});
	const parsed = z
		.object({
			command: z.enum(["push", "diff"]),
			provider: z.enum(providerNames).optional(),
			appUrl: z.url({ protocol: /^https?$/ }).optional(),
		})
		.safeParse({ command: positionals[0], provider: values.provider, appUrl: values["app-url"] });
	if (!parsed.success || positionals.length > 1) throw new Error(usage);
	const { command, provider, appUrl } = parsed.data;
	return { command, provider, appUrl: appUrl === undefined ? null : new URL(appUrl).origin };
}

async function run({ command, appUrl }: ReturnType<typeof parse>, access: Access, { log }: Output): Promise<boolean> {
	const plans = readPlans();
	// Steps are specific to the provider and opaque here.
	const perform = <Step>(provider: Provider<Step>) => {
		log(`${provider.name}${access.baseUrl === undefined ? "" : ` at ${access.baseUrl}`}, with the key of ${access.from}.`);
		return command === "push" ? push(provider, log) : printDifferences(provider, log);
	};
	return access.provider === "stripe" ? perform(stripeProvider(access, plans, appUrl)) : perform(flowgladProvider(access, plans, appUrl));
}

function reasonOf(error: unknown, { provider, baseUrl }: Access): string {
	const where = baseUrl ?? (provider === "stripe" ? "Stripe" : "Flowglad");
	const status =
		error instanceof Error ? ("statusCode" in error ? error.statusCode : "status" in error ? error.status : undefined) : undefined;
	if (status === 401) return `${where} rejects this key${provider === "flowglad" ? ", or has rate-limited it" : ""}.`;
	const words = error instanceof Error ? error.message : String(error);
	if (isFlowgladUnreachable(error) || isStripeUnreachable(error)) return `${where} could not be reached: ${words}`;
	return typeof status === "number" ? `${where} answered ${status}: ${words}` : words;
}

/** Runs a command and returns its exit code. Never throws. */
export async function main(args: string[], output: Output = console): Promise<number> {
	try {
		const given = parse(args);
		const access = findAccess(given.provider);
		const isRight = await run(given, access, output).catch((error: unknown) => {
			throw new Error(reasonOf(error, access));
		});
		return isRight ? 0 : 1;
	} catch (error) {
		output.error(error instanceof Error ? error.message : error);
		return 2;
	}
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
