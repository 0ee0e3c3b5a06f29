//! A wallet provider in the test's process, with one funded wallet and one shop.

use std::path::PathBuf;

use tebura_providers::Credential;
use tebura_providers::wallet::{Database, Running, WalletConfig, WalletProvider};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use super::hub::PROVIDER_CREDENTIAL;

/// Yen in the payer's wallet at first.
pub(crate) const WALLET: i64 = 10_000;

/// A wallet provider with one funded wallet, whose port stays its own while it is down.
pub(crate) struct FarEnd {
    folder: TempDir,
    /// Bound and never listening: a call meets a closed door, and nobody else gets the port.
    port: TcpSocket,
    running: Option<Running>,
    /// Above this the payer is asked.
    confirm_above: Option<i64>,
    /// A second look at the same file while the provider is down.
    down: Option<(i64, i64, i64)>,
}

impl FarEnd {
    pub(crate) async fn start() -> FarEnd {
        FarEnd::asking(None).await
    }

    /// One that asks its payer above an amount.
    pub(crate) async fn asking(confirm_above: Option<i64>) -> FarEnd {
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseaddr(true).unwrap();
        port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut far_end = FarEnd { folder: TempDir::new().unwrap(), port, running: None, confirm_above, down: None };
        far_end.run().await;
        let sandbox = &far_end.provider().sandbox;
        sandbox.open_wallet("hanako").await.unwrap();
        sandbox.open_merchant("shop").await.unwrap();
        assert!(sandbox.top_up("hanako", WALLET).await.unwrap());
        far_end
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.port.local_addr().unwrap())
    }

    pub(crate) fn provider(&self) -> &Running {
        self.running.as_ref().expect("the provider is up")
    }

    /// Starts it on its old books; does nothing when it is up.
    pub(crate) async fn run(&mut self) {
        if self.running.is_some() {
            return;
        }
        let file: PathBuf = self.folder.path().join("wallet.sqlite");
        let config = WalletConfig {
            bind: self.port.local_addr().unwrap(),
            database: Database::File(file),
            confirm_above: self.confirm_above,
            ..WalletConfig::new(Credential::new(PROVIDER_CREDENTIAL))
        };
        self.running = Some(WalletProvider::start(config).await.unwrap());
    }

    pub(crate) async fn stop(&mut self) {
        self.down = Some(self.books().await);
        self.running.take().expect("the provider is up").shutdown().await;
    }

    /// In the wallet, of that set aside, at the merchant; as it was when the provider went down.
    pub(crate) async fn books(&self) -> (i64, i64, i64) {
        let Some(running) = &self.running else { return self.down.expect("it was up once") };
        let wallet = running.sandbox.balance("hanako").await.unwrap().unwrap();
        let shop = running.sandbox.balance("shop").await.unwrap().unwrap();
        (wallet.balance, wallet.held, shop.balance)
    }
}
