//! The settings of all services together, for a program that runs any of them.

use clap::Args;

use crate::{fraud, notification, rewards, webhook};

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Config {
    #[command(flatten)]
    pub notification: notification::Config,
    #[command(flatten)]
    pub fraud: fraud::Config,
    #[command(flatten)]
    pub rewards: rewards::Config,
    #[command(flatten)]
    pub webhook: webhook::Config,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser, Debug)]
    struct Program {
        #[command(flatten)]
        services: Config,
    }

    #[test]
    fn the_settings_go_together_and_tell_no_secret() {
        Program::command().debug_assert();
        let smtp = "smtp://u:secret@mail.example";
        let given = ["herald", "--smtp-url", smtp, "--fraud-rules", "f.toml", "--reward-rules", "r.toml"];
        let services = Program::parse_from(given.into_iter().chain(["--webhook-allow-private"])).services;
        assert_eq!((services.fraud.rules, services.rewards.rules), (Some("f.toml".into()), Some("r.toml".into())));
        assert!(services.webhook.allow_private);
        assert_eq!(services.notification.mail_domain, "localhost");
        let shown = format!("{:?}", services.notification);
        assert!(!shown.contains("secret"), "{shown}");
        assert!(!Program::parse_from(["herald"]).services.webhook.allow_private);
    }
}
