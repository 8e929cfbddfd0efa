CREATE TABLE `deletions` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`plan` text NOT NULL,
	`requested_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`tried_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `deletions_due` ON `deletions` (`due_at`);--> statement-breakpoint
ALTER TABLE `users` ADD `list_reminded_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `users_list_reminded` ON `users` (`list_reminded_at`);