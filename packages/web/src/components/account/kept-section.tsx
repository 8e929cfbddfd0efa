import { Link } from "@tanstack/react-router";
import { t } from "../../text/text.ts";
import { Section } from "./section.tsx";

/** The sentence about chats that expire when unused. */
const unused = (days: number | null) => (days === null ? "" : ` ${t("kept_unused", { count: days })}`);

/** What is stored about a viewer, and until when: their rows of docs/retention.md, in plain words. */
const kept = (days: number | null): { what: string; of: string; until: string; ofGuests: boolean }[] => [
	{
		what: t("frame_chats"),
		of: t("kept_chats_of"),
		until: `${t("kept_chats_until")}${unused(days)}`,
		ofGuests: false,
	},
	{
		what: t("kept_shared"),
		of: t("kept_shared_of"),
		until: t("kept_shared_until"),
		ofGuests: false,
	},
	{
		what: t("frame_chats"),
		of: t("kept_chats_of"),
		until: `${t("kept_guest_until")}${unused(days)}`,
		ofGuests: true,
	},
	{
		what: t("kept_requests"),
		of: t("kept_requests_of"),
		until: t("kept_requests_until"),
		ofGuests: false,
	},
	{ what: t("kept_days"), of: t("kept_days_of"), until: t("kept_days_until"), ofGuests: false },
	{
		what: t("frame_account"),
		of: t("kept_account_of"),
		until: t("kept_account_until"),
		ofGuests: false,
	},
	{ what: t("kept_sign_ins"), of: t("kept_sign_ins_of"), until: t("kept_sign_ins_until"), ofGuests: false },
	{ what: t("kept_payments"), of: t("kept_payments_of"), until: t("kept_payments_until"), ofGuests: false },
];

/** What is stored about the viewer, and until when. */
export function KeptSection({ isGuest, keptDays }: { isGuest: boolean; keptDays: number | null }) {
	return (
		<Section title={t("kept_title")}>
			<dl className="divide-y divide-line">
				{kept(keptDays)
					.filter(({ ofGuests }) => ofGuests === isGuest)
					.map(({ what, of, until }) => (
						<div key={what} className="grid gap-x-8 gap-y-1 py-3 first:pt-0 sm:grid-cols-2">
							<dt>
								{what}
								<span className="block text-small text-soft">{of}</span>
							</dt>
							<dd className="text-soft">{until}</dd>
						</div>
					))}
			</dl>
			{!isGuest && (
				<Link to="/shared" className="link mt-4 inline-block">
					{t("kept_see_shared")}
				</Link>
			)}
		</Section>
	);
}
