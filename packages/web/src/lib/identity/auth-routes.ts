/** The part of better-auth's API that names its routes. */
type Endpoint = { path?: string; options?: { method?: string | readonly string[]; metadata?: { SERVER_ONLY?: boolean } } };

/** The paths below which better-auth has a parameter, for `rateLimit.customRules`: each value would be a row of its own, and anyone can invent values. */
export const PATHS_WITH_A_PARAMETER = ["/callback/*", "/reset-password/*"];

let known: RegExp[] | undefined;

/**
 * Whether better-auth has a route at this path for this method. better-auth counts a request's path before it looks for a route, so an unknown path
 * must not reach it: each would write a row.
 * @param path what follows `/api/auth`, as it stands in the URL
 */
export function isAuthRoute(api: Record<string, unknown>, method: string, path: string): boolean {
	known ??= Object.values(api).flatMap((endpoint) => patternsOf(endpoint as Endpoint));
	return known.some((pattern) => pattern.test(`${method} ${path}`));
}

function patternsOf({ path, options }: Endpoint): RegExp[] {
	if (!path || !options?.method || options.metadata?.SERVER_ONLY) return [];
	const pattern = path.replace(/:[^/]+/g, "[^/]+");
	return [options.method].flat().map((method) => new RegExp(`^${method} ${pattern}$`));
}
