# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""packaging/prometheus/liaison.rules.yml: valid, each alert fires when it should and not before, and
Debian's Prometheus sees it do so at a real daemon."""

import json
import re

import pytest

from support import ROOT, Prometheus, Reply, promtool, wait_until

RULES = ROOT / "packaging" / "prometheus" / "liaison.rules.yml"
NAMES = re.findall(r"- alert: (\w+)", RULES.read_text())

# alert: (series, when it is quiet, when it fires, its labels beside severity). A value each minute.
PROBLEM = 'liaison_problems{job="liaison", instance="a", code="%s"}'
BUCKET = 'liaison_journal_commit_duration_seconds_bucket{job="liaison", instance="a", le="%s"}'
ALL = {"job": "liaison", "instance": "a"}
CASES = {
    "LiaisonDown": ({'up{job="liaison", instance="a"}': "1 1 0x3", 'up{job="other", instance="b"}': "0x5"},
                    "2m", "3m", ALL),
    "LiaisonRestartsOften": ({'process_start_time_seconds{job="liaison", instance="a"}': "1x5 2x5 3x5 4x40"},
                             "17m", "18m", ALL),
    "LiaisonJournalNotCommitting": ({PROBLEM % "journal": "0 1 0 1x3"}, "3m", "4m", {**ALL, "code": "journal"}),
    "LiaisonJournalFull": ({PROBLEM % "journal-full": "0x9", PROBLEM % "disk-full": "0 0 1x7"}, "1m", "2m", ALL),
    "LiaisonJournalFillsUp": ({'liaison_journal_bytes{job="liaison", instance="a"}': "90x5 91x20",
                               'liaison_journal_limit_bytes{job="liaison", instance="a"}': "100x30"},
                              "15m", "16m", ALL),
    "LiaisonJournalDamaged": ({PROBLEM % "journal-lost": "0 1x3"}, "0m", "1m", ALL),
    "LiaisonCommitsSlow": ({BUCKET % "1": "0+100x30", BUCKET % "2.5": "0+102x30", BUCKET % "+Inf": "0+102x30"},
                           "10m", "11m", ALL),
    "LiaisonConnectorPaused": ({'liaison_connector_paused{job="liaison", instance="a", connector="crm"}': "0 1x20"},
                               "10m", "11m", {**ALL, "connector": "crm"}),
    # Half-open is as bad as open, and an hour's quarter is enough to tell.
    "LiaisonBreakerOpen": ({'liaison_breaker_state{job="liaison", instance="a", connector="crm"}': "0 2 1 2x30"},
                           "15m", "16m", {**ALL, "connector": "crm"}),
    "LiaisonHandlerStopped": ({PROBLEM % "handler-set-aside": "0 1x20", PROBLEM % "channel": "1x20"},
                              "10m", "11m", ALL),
    # Those that were there all the time don't count; of one more it is told for an hour.
    "LiaisonDeadLettersGrow": ({'liaison_dead_letters_held{job="liaison", instance="a", connector="crm", cause="script"}':
                                "7x70 8x100"}, "75m", "76m", {**ALL, "connector": "crm"}),
    "LiaisonWaitsTooLong": ({'liaison_oldest_waiting_seconds{job="liaison", instance="a", connector="crm"}':
                             "3600x5 3601x9"}, "10m", "11m", {**ALL, "connector": "crm"}),
    "LiaisonChannelDisconnected": ({'liaison_channel_connected{job="liaison", instance="a", channel="bus"}': "1 0x9"},
                                   "5m", "6m", {**ALL, "channel": "bus"}),
}


def test_the_rules_are_valid():
    assert "SUCCESS" in promtool("check", "rules", RULES)


def test_each_says_what_it_is_and_what_to_do():
    rules = RULES.read_text().split("- alert: ")[1:]
    assert len(rules) == len(NAMES) > 5
    for rule in rules:
        for part in ("severity:", "summary:", "description:"):
            assert part in rule, rule.split("\n")[0]


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_in_time(tmp_path, name):
    series, quiet, fires, labels = CASES[name]
    severity = re.search(rf"alert: {name}\n(?:(?!alert:).)*?severity: (\w+)", RULES.read_text(), re.DOTALL)[1]
    alert = {"__name__": "ALERTS", "alertname": name, "alertstate": "firing", "severity": severity, **labels}
    wanted = ", ".join(f"{label}={json.dumps(value)}" for label, value in alert.items() if label != "__name__")
    expression = 'ALERTS{alertstate="firing"}'
    test = tmp_path / "test.yml"
    test.write_text(json.dumps({  # JSON is YAML
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {"expr": expression, "eval_time": quiet, "exp_samples": []},
                {"expr": expression, "eval_time": fires,
                 "exp_samples": [{"labels": f"ALERTS{{{wanted}}}", "value": 1}]},
            ],
        }],
    }))
    assert "SUCCESS" in promtool("test", "rules", test)


# ---- at a real daemon ------------------------------------------------------------------------------

SCRIPT = """
    local sync = SyncManager.new { name = "bus", eventBusUrl = setting "busUrl" }
    sync:on("thing.changed", function(event)
      sync:send { connector = event.data.to, data = event.data }
    end)
    sync:start()
"""

CONNECTOR = 'return function(data) return http.post(setting "url" .. "/%s", { json = data }) end'


@pytest.fixture
def prometheus(request, tmp_path, make_daemon, project, bus, receiver, disk):
    """With the daemon that it scrapes as `.daemon`. An alert doesn't wait here for its `for`."""
    project.script(SCRIPT)
    for name in ("well", "paused", "refused"):
        project.connector(name, CONNECTOR % name)
    statuses = {"/well": 200, "/paused": 401, "/refused": 404}
    receiver.rule = lambda r: Reply(statuses[r.path])
    daemon = make_daemon(settings={"busUrl": bus.events_url, "url": receiver.url}, env=disk.env).start()
    rules = re.sub(r"for: \w+", "for: 0s", RULES.read_text())
    prometheus = Prometheus(tmp_path, daemon.url, rules)
    prometheus.daemon = daemon
    request.addfinalizer(prometheus.close)
    return prometheus.start()


def wait_firing(prometheus, name):
    """The alert, once it fires."""
    [alert] = wait_until(lambda: prometheus.firing().get(name), f"{name} to fire", 30)
    text = json.dumps(alert["annotations"])
    assert "error" not in text and "<no value>" not in text, text
    return alert


def test_prometheus_scrapes_and_sees_the_states_of_a_daemon(prometheus, bus, receiver, disk):
    daemon = prometheus.daemon
    wait_until(lambda: prometheus.query("liaison_build_info"), "the first scrape", 30)
    for number, connector in enumerate(("well", "paused", "refused")):
        bus.publish({"type": "thing.changed", "data": {"id": number, "to": connector}})
    wait_until(lambda: prometheus.query("liaison_deliveries_total{outcome='delivered'} == 1"), "the delivery", 30)
    [(labels, value)] = prometheus.query("liaison_deliveries_total{outcome='delivered', connector='well'}")
    assert (labels["job"], value) == ("liaison", "1")
    assert prometheus.query("process_resident_memory_bytes")
    [target] = prometheus.targets()
    assert (target["health"], target["lastError"]) == ("up", "")

    assert wait_firing(prometheus, "LiaisonConnectorPaused")["labels"]["connector"] == "paused"
    grow = wait_firing(prometheus, "LiaisonDeadLettersGrow")
    assert grow["labels"]["connector"] == "refused" and "refused grow" in grow["annotations"]["summary"]
    assert set(prometheus.firing()) == {"LiaisonConnectorPaused", "LiaisonDeadLettersGrow"}

    disk.fail(write="io", sync="io")
    bus.publish({"type": "weather", "data": 1})
    wait_firing(prometheus, "LiaisonJournalNotCommitting")
    disk.mend()
    wait_until(lambda: "LiaisonJournalNotCommitting" not in prometheus.firing(), "it to be over", 30)

    bus.close()
    assert wait_firing(prometheus, "LiaisonChannelDisconnected")["labels"]["channel"] == "bus"
    daemon.kill()
    assert wait_firing(prometheus, "LiaisonDown")["labels"]["job"] == "liaison"
