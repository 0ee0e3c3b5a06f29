//! Appliances that order by themselves within a standing mandate of their owner.
//!
//! A mandate is one request: the owner agrees once, by face or otherwise, to a budget that is held at once, to what one order may
//! cost, to a list of items and to an end. The device signs each order with its own key; each counts up, so that an order that is
//! sent again is placed once. Orders take parts of the hold; what is left goes back when the mandate ends, by the owner's word,
//! with its last day, or with its last yen. Absent: deliveries, returns, a mandate that renews itself.

mod order;

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

use order::{LastOrder, Order};

/// Steps of one request are counted; a mandate of a month needs fewer.
const MOST_ORDERS: u64 = 40;
const DAY_MS: u64 = 86_400_000;
/// Covers a rail that is slow when the mandate ends.
const SLOW_RAIL_MS: u64 = 600_000;

#[derive(Deserialize)]
struct Settings {
    items: Vec<Item>,
    most_budget_yen: u64,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    yen: u64,
}

#[derive(Deserialize)]
struct Wanted {
    device: String,
    device_key: String,
    budget_yen: u64,
    per_order_yen: u64,
    items: Vec<String>,
    days: u64,
}

/// A mandate as it stands between two orders.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mandate {
    device_key: String,
    budget: u64,
    per_order: u64,
    items: Vec<String>,
    until: Millis,
    hold: String,
    spent: u64,
    orders: u64,
    /// Of the last order that was placed or refused for its content; nothing up to it is taken again.
    sequence: u64,
    last: Option<LastOrder>,
    /// How it ends, once it does.
    ending: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Shown {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_yen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spent_yen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastOrder>,
}

/// Orders by appliances.
#[derive(Debug, Default)]
pub struct IotOrder;

impl Service for IotOrder {
    fn describe(&self) -> Description {
        let mandate = Action::new("mandate")
            .title("ja", "家電に注文を任せる")
            .title("en", "Let an appliance order")
            .input(include_str!("../schemas/mandate-input.json"))
            .output(include_str!("../schemas/mandate-output.json"))
            .recognised_by(["face", "card", "qr", "staff"])
            .message("order", include_str!("../schemas/order-message.json"))
            .message("stop", include_str!("../schemas/stop-message.json"));
        Description::new(include_str!("../schemas/settings.json")).action(mandate)
    }

    fn handle(&self, request: &Request) -> Next {
        let (settings, wanted) = match (request.settings::<Settings>(), request.input::<Wanted>()) {
            (Ok(settings), Ok(wanted)) => (settings, wanted),
            (Err(why), _) | (_, Err(why)) => return fail(why.code, why.message),
        };
        let refuse = |reason: &str| done(&refused(reason));
        if request.subject.is_none() {
            return refuse("nobody");
        }
        if wanted.budget_yen > settings.most_budget_yen {
            return refuse("above_most");
        }
        if wanted.per_order_yen > wanted.budget_yen {
            return refuse("order_above_budget");
        }
        if wanted.items.iter().any(|item| !settings.items.iter().any(|own| own.id == *item)) {
            return refuse("item_unknown");
        }
        let until = request.now + wanted.days * DAY_MS;
        let mandate = Mandate {
            device_key: wanted.device_key,
            budget: wanted.budget_yen,
            per_order: wanted.per_order_yen,
            items: wanted.items,
            until,
            hold: String::new(),
            spent: 0,
            orders: 0,
            sequence: 0,
            last: None,
            ending: None,
        };
        let memo = format!("{}の自動発注（上限）", wanted.device);
        hold("shop", yen(wanted.budget_yen), memo, until + SLOW_RAIL_MS).then_with("held", &mandate)
    }

    fn on_moved(&self, request: &Request, at: &Tag, receipt: &Receipt) -> Next {
        let mandate = match at.value::<Mandate>() {
            Ok(mandate) => mandate,
            Err(why) => return fail(why.code, why.message),
        };
        let told = serde_json::json!({ "yen": receipt.amount.minor() });
        match at.name() {
            "held" => waiting(request, Mandate { hold: receipt.id.clone(), ..mandate }).tell("order.mandated", &told),
            "ordered" => {
                let (spent, orders) = (mandate.spent + receipt.amount.minor(), mandate.orders + 1);
                let last =
                    mandate.last.map(|last| LastOrder { placed: true, yen: Some(receipt.amount.minor()), ..last });
                let mandate = Mandate { spent, orders, last, ..mandate };
                let is_over = mandate.spent == mandate.budget || mandate.orders >= MOST_ORDERS;
                let next = if is_over { ended(mandate, "used_up") } else { waiting(request, mandate) };
                next.tell("order.placed", &told)
            }
            "ending" => {
                let reason = mandate.ending.clone();
                let left = mandate.budget - mandate.spent;
                done(&Shown { active: false, reason, left_yen: Some(0), ..shown(request, &mandate) })
                    .tell("order.ended", &serde_json::json!({ "spent": mandate.spent, "back": left }))
            }
            other => fail("order.money_unexpected", format!("no money is awaited at {other:?}")),
        }
    }

    fn on_not_moved(&self, request: &Request, at: &Tag, why: &Fault) -> Next {
        match (at.name(), at.value::<Mandate>()) {
            ("held", _) => done(&Shown { code: Some(why.code.clone()), ..refused("not_paid") }),
            // The mandate stands; this order was not paid, and the device may order anew.
            ("ordered", Ok(mandate)) => {
                let reason = Some("not_paid".to_owned());
                let last = mandate.last.map(|last| LastOrder { reason, ..last });
                waiting(request, Mandate { last, ..mandate })
            }
            _ => fail(why.code.as_str(), why.message.as_str()),
        }
    }

    fn on_timer(&self, _: &Request, at: &Tag) -> Next {
        match at.value::<Mandate>() {
            Ok(mandate) => ended(mandate, "over"),
            Err(why) => fail(why.code, why.message),
        }
    }

    fn on_message(&self, request: &Request, at: &Tag, message: &Message) -> Next {
        let mandate = match at.value::<Mandate>() {
            Ok(mandate) => mandate,
            Err(why) => return fail(why.code, why.message),
        };
        match message.name.as_str() {
            "stop" => ended(mandate, "stopped"),
            "order" => match (message.input::<Order>(), request.settings::<Settings>()) {
                (Ok(order), Ok(settings)) => ordered(request, &settings, mandate, &order),
                (Err(why), _) | (_, Err(why)) => fail(why.code, why.message),
            },
            other => fail("order.message_unknown", format!("{other:?} means nothing here")),
        }
    }
}

fn refused(reason: &str) -> Shown {
    Shown { reason: Some(reason.to_owned()), ..Shown::default() }
}

fn shown(request: &Request, mandate: &Mandate) -> Shown {
    Shown {
        active: true,
        mandate: Some(request.id.clone()),
        left_yen: Some(mandate.budget - mandate.spent),
        spent_yen: Some(mandate.spent),
        orders: Some(mandate.orders),
        last: mandate.last.clone(),
        ..Shown::default()
    }
}

fn waiting(request: &Request, mandate: Mandate) -> Next {
    wait_until(mandate.until).showing(&shown(request, &mandate)).then_with("standing", &mandate)
}

fn ended(mandate: Mandate, how: &str) -> Next {
    release(&mandate.hold).then_with("ending", &Mandate { ending: Some(how.to_owned()), ..mandate.clone() })
}

/// What the device may not order is refused, and the mandate stands.
fn ordered(request: &Request, settings: &Settings, mandate: Mandate, order: &Order) -> Next {
    let last = |reason: &str| LastOrder {
        sequence: order.sequence,
        placed: false,
        reason: Some(reason.to_owned()),
        yen: None,
    };
    let refuse = |mandate: Mandate, reason: &str| {
        let told = serde_json::json!({ "reason": reason });
        waiting(request, Mandate { last: Some(last(reason)), ..mandate }).tell("order.refused", &told)
    };
    if !order.is_signed(&request.id, &mandate.device_key) {
        return refuse(mandate, "signature");
    }
    if order.sequence <= mandate.sequence {
        return refuse(mandate, "repeated");
    }
    let mandate = Mandate { sequence: order.sequence, ..mandate };
    let item = settings.items.iter().find(|own| own.id == order.item && mandate.items.contains(&own.id));
    let Some(item) = item else { return refuse(mandate, "item") };
    let price = item.yen * order.count;
    if price > mandate.per_order {
        return refuse(mandate, "per_order");
    }
    if mandate.spent + price > mandate.budget {
        return refuse(mandate, "budget");
    }
    let last = LastOrder { sequence: order.sequence, placed: false, reason: None, yen: None };
    capture_part(&mandate.hold, yen(price)).then_with("ordered", &Mandate { last: Some(last), ..mandate.clone() })
}

tebura_plugin::export_service!(IotOrder);
