import { t } from "../../text/text.ts";
import type { Viewer } from "../../view/identity.ts";
import { SignOutButton } from "../frame/side-column.tsx";
import { ChangePassword } from "./change-password.tsx";
import { Section } from "./section.tsx";

/** Who the viewer is here, and how they sign in. */
export function ProfileSection({ viewer: { name, email, emailVerified } }: { viewer: Viewer & { kind: "user" } }) {
	return (
		<>
			<Section title={t("side_you")}>
				<p className="wrap-anywhere">{name}</p>
				<p className="text-soft wrap-anywhere">
					{email} · {emailVerified ? t("account_confirmed") : t("account_not_confirmed")}
				</p>
				<div className="mt-2 -ml-2">
					<SignOutButton />
				</div>
			</Section>
			<Section title={t("account_password")}>
				<ChangePassword />
			</Section>
		</>
	);
}
