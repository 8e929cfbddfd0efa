import { createFileRoute, Outlet, redirect, useLocation, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { AccountFrame } from "../components/account/account-frame.tsx";
import { usePlanChanges } from "../components/billing/plan-changes.ts";
import { linkOutcomeOf } from "../components/frame/link-outcome.ts";
import { loadShell } from "../lib/http/pages.ts";
import { t } from "../text/text.ts";

/** The sub-pages that guests have too. */
const FOR_GUESTS = /^\/account\/(appearance|data)\/?$/;

export const Route = createFileRoute("/account")({
	validateSearch: linkOutcomeOf,
	loader: async ({ location: { pathname, href } }) => {
		const shell = await loadShell();
		if (shell.viewer.kind === "guest" && !FOR_GUESTS.test(pathname)) throw redirect({ to: "/sign-in", search: { next: href } });
		return shell;
	},
	// Hovering over a link must not read the billing provider.
	preload: false,
	gcTime: 0,
	head: () => ({ meta: [{ title: t("site_title", { page: t("frame_account") }) }] }),
	component: AccountPages,
});

function AccountPages() {
	const navigate = Route.useNavigate();
	const router = useRouter();
	usePlanChanges(() => void router.invalidate());
	useOlderHash();
	return (
		<AccountFrame
			shell={Route.useLoaderData()}
			link={Route.useSearch()}
			onReturn={() => void router.invalidate()}
			onClose={() => void navigate({ to: ".", search: {}, replace: true })}
		>
			<Outlet />
		</AccountFrame>
	);
}

/** Handles an older link to the instructions: the server never sees the part after "#", and has redirected to the plan. */
function useOlderHash(): void {
	const navigate = Route.useNavigate();
	const isOlder = useLocation({ select: ({ hash, pathname }) => hash === "instructions" && pathname === "/account/plan" });
	useEffect(() => {
		if (isOlder) void navigate({ to: "/account/appearance", hash: "instructions", replace: true });
	}, [isOlder, navigate]);
}
