import { createFileRoute, Outlet, redirect, useRouter } from "@tanstack/react-router";
import { AccountFrame } from "../components/account/account-frame.tsx";
import { usePlanChanges } from "../components/billing/plan-changes.ts";
import { linkErrorOf } from "../components/frame/link-error.ts";
import { loadShell } from "../lib/http/pages.ts";

/** The sub-pages that a guest has, too. */
const FOR_GUESTS = /^\/account\/(appearance|data)\/?$/;

export const Route = createFileRoute("/account")({
	validateSearch: linkErrorOf,
	loader: async ({ location: { pathname, href } }) => {
		const shell = await loadShell();
		if (shell.viewer.kind === "guest" && !FOR_GUESTS.test(pathname)) throw redirect({ to: "/sign-in", search: { next: href } });
		return shell;
	},
	// Pointing at a link must not read the billing provider.
	preload: false,
	gcTime: 0,
	head: () => ({ meta: [{ title: "Account · Parley" }] }),
	component: AccountPages,
});

function AccountPages() {
	const { error } = Route.useSearch();
	const navigate = Route.useNavigate();
	const router = useRouter();
	usePlanChanges(() => void router.invalidate());
	return (
		<AccountFrame
			shell={Route.useLoaderData()}
			linkFailed={error !== undefined}
			onClose={() => void navigate({ to: ".", search: {}, replace: true })}
		>
			<Outlet />
		</AccountFrame>
	);
}
