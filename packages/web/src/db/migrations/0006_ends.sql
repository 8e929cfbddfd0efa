ALTER TABLE `ledger_reports` ADD `is_troubled` integer GENERATED ALWAYS AS ((provider <> 'ok' or dead_letters > 0 or coalesce(drift, 0) <> 0)) VIRTUAL;--> statement-breakpoint
CREATE INDEX `ledger_reports_troubled` ON `ledger_reports` (`is_troubled`,`updated_at`);--> statement-breakpoint
CREATE INDEX `ledger_reports_provider` ON `ledger_reports` (`provider`,`updated_at`);--> statement-breakpoint
CREATE INDEX `ledger_reports_owed` ON `ledger_reports` (`owed`);--> statement-breakpoint
CREATE INDEX `invitations_inviter` ON `invitations` (`inviter_id`);--> statement-breakpoint
CREATE INDEX `invitations_expires` ON `invitations` (`expires_at`);--> statement-breakpoint
CREATE INDEX `provider_copies_read` ON `provider_copies` (`read_at`);--> statement-breakpoint
CREATE INDEX `rate_limits_last_request` ON `rate_limits` (`last_request`);--> statement-breakpoint
CREATE INDEX `sessions_expires` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE INDEX `verifications_expires` ON `verifications` (`expires_at`);