import { createFileRoute, notFound, useRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { ConfirmEmail } from "../components/frame/confirm-email.tsx";
import { linkOutcomeOf } from "../components/frame/link-outcome.ts";
import { Lost } from "../components/frame/lost.tsx";
import { Page } from "../components/frame/page.tsx";
import { Invitation } from "../components/organization/invitation.tsx";
import { loadInvitation } from "../lib/http/other-pages.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/invitation/$invitationId")({
	validateSearch: linkOutcomeOf,
	loader: async ({ params: { invitationId } }) => {
		const { invitation, ...rest } = await loadInvitation({ data: invitationId });
		if (!invitation) throw notFound();
		return { invitation, ...rest };
	},
	gcTime: 0,
	head: () => ({ meta: [{ title: t("site_title", { page: t("org_invitation") }) }] }),
	component: InvitationPage,
	notFoundComponent: () => (
		<Page narrow>
			<Lost title={t("org_no_such_invitation")} text={t("org_link_cut_off")}>
				{null}
			</Lost>
		</Page>
	),
});

function InvitationPage() {
	const { invitation, viewer, mailboxUrl } = Route.useLoaderData();
	const link = Route.useSearch();
	const navigate = Route.useNavigate();
	const router = useRouter();
	useOnReturn(() => void router.invalidate());
	const banner = (link.error || link.confirmed) && (
		<ConfirmEmail
			viewer={viewer}
			mailboxUrl={mailboxUrl}
			link={link}
			path={`/invitation/${invitation.id}`}
			onReturn={() => void router.invalidate()}
			onClose={() => void navigate({ search: {}, replace: true })}
		/>
	);
	return (
		<Page narrow viewer={viewer} banner={banner}>
			<Invitation invitation={invitation} viewer={viewer} mailboxUrl={mailboxUrl} onChanged={() => router.invalidate()} />
		</Page>
	);
}

/** Calls back when the viewer returns to this tab: they may have confirmed their address or switched accounts in another one. */
function useOnReturn(onReturn: () => void) {
	const returned = useEffectEvent(() => {
		if (document.visibilityState === "visible") onReturn();
	});
	useEffect(() => {
		const listener = () => returned();
		document.addEventListener("visibilitychange", listener);
		return () => document.removeEventListener("visibilitychange", listener);
	}, []);
}
