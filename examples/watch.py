"""Watches a submission by Server-Sent Events and goes on where it was after a cut: python3 watch.py EVENTS_URL
Nothing but the standard library."""
import http.client, json, sys, time, urllib.request

cursor, over = "", False
while not over:
    try:
        request = urllib.request.Request(sys.argv[1], headers={"Last-Event-ID": cursor})
        for line in urllib.request.urlopen(request, timeout=60):
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                cursor = value
            elif field == "data":
                frame = json.loads(value)
                data = frame.get("data", {})
                over = data.get("status") in ("finished", "cancelled")
                print(frame["type"], data.get("status", ""), data.get("tests", {}).get("run", 0), data.get("verdict") or "", flush=True)
                if over: break
    except (OSError, http.client.HTTPException): time.sleep(0.5)
