CREATE TABLE `mail_settings` (
	`user_id` text PRIMARY KEY NOT NULL,
	`language` text NOT NULL,
	`tells_usage` integer,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `mails` (
	`event` text PRIMARY KEY NOT NULL,
	`user_id` text,
	`topic` text,
	`letter` text,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`due_at` integer,
	`not_before` integer NOT NULL,
	`first_tried_at` integer,
	`is_unsure` integer DEFAULT false NOT NULL,
	`useful_ms` integer NOT NULL,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `mails_due` ON `mails` (`due_at`);--> statement-breakpoint
CREATE INDEX `mails_ended` ON `mails` (`ended_at`);--> statement-breakpoint
CREATE INDEX `mails_topic` ON `mails` (`topic`);--> statement-breakpoint
CREATE INDEX `mails_user` ON `mails` (`user_id`);