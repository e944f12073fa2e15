using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Armada.Tests.Silo.Support;

/// <summary>Makes requests that are almost right, or not at all; the same ones for the same seed. None names the robot arm or its devices.</summary>
internal sealed class RequestFuzz(int seed, IReadOnlyList<(string Method, string Path)> routes)
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "QUERY", "get", "X"];

    private static readonly string[] Texts =
    [
        "", "x", "..", "%2e%2e", "%00", "%", "a%20b", "%F0%9F%A4%96", "\u00e9", "{id}", "null", "-1", "0", "1e400", "99999999999999999999",
        new('a', 65), new('a', 3000), "a/b", "//", "a;b=c", "*", "#", "+", "'", "\"", "<script>", "${x}", "\\", "armada_000000000000_x",
    ];

    private static readonly string[] Numbers = ["0", "-0", "-1", "1e308", "1e400", "-1e400", "0.1", "9223372036854775808", "1E-400", "00", "1.", "NaN"];

    private static readonly string[] Headers =
    [
        "If-Match", "If-None-Match", "Content-Type", "Content-Length", "Content-Encoding", "Accept", "Accept-Encoding", "Authorization", "X-Api-Key",
        "Origin", "Host", "Expect", "Range", "Upgrade", "Connection", "Sec-WebSocket-Protocol", "Sec-WebSocket-Key", "X-Forwarded-For", "Cookie", "Transfer-Encoding",
    ];

    private static readonly string[] Bodies =
    [
        """{"id":"fuzz-1","model":"so101","joints":[{"name":"gripper","min":1,"max":50,"max_velocity":90,"rest":5}]}""",
        """{"model":"so100"}""",
        """{"type":"device","device":"fuzz-device","takeover":true}""",
        """{"type":"websocket","name":"fuzz-slave","offsets":{"gripper":1},"joint_names":{"gripper":"Jaw"}}""",
        """{"name":"fuzz-key","role":"viewer","expires_at":"2999-01-01T00:00:00Z"}""",
        """{"name":"fuzz","epoch":1,"joints":[{"name":"gripper","value":10,"speed":20}],"duration_ms":100}""",
        """{"id":"fuzz-seq","name":"Fuzz","commands":[{"timestamp":0,"joints":[{"name":"gripper","value":1}]}],"loop":true,"total_duration":1000}""",
        """{"name":"fuzz-1","kind":"so101-leader","site":"lab"}""",
        """{"name":"fuzz-2","kind":"micropython-arm","role":"leader","csr":"-----BEGIN CERTIFICATE REQUEST-----\nMIH\n-----END CERTIFICATE REQUEST-----"}""",
        """{"kind":"agent","name":"fuzz-3","minutes":5}""",
        """{"token":"armada_000000000000_x","name":"fuzz-4","csr":"x"}""",
    ];

    private readonly Random random = new(seed);

    /// <summary>The next request as it goes over the connection.</summary>
    public byte[] Next()
    {
        var (method, path) = Pick(routes);
        method = Chance(5) ? Pick(Methods) : method;
        var body = method is "POST" or "PUT" || Chance(10) ? Body() : [];
        var head = new StringBuilder($"{method} {Path(path)}{Query()} HTTP/1.1\r\nHost: localhost\r\n");
        if (body.Length > 0)
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n");
        while (Chance(4))
            head.Append(CultureInfo.InvariantCulture, $"{Pick(Headers)}: {Pick(Texts)}\r\n");
        byte[] request = [.. Encoding.UTF8.GetBytes(head.Append("Connection: close\r\n\r\n").ToString()), .. body];
        for (var flips = Chance(8) ? random.Next(1, 10) : 0; flips > 0; flips--)
            request[random.Next(request.Length)] = (byte)random.Next(256);
        return request;
    }

    private string Path(string path) =>
        string.Join('/', path.Split('/').Select(part => part.StartsWith('{') || Chance(20) ? Chance(2) ? "fuzz-1" : Pick(Texts) : part));

    private string Query() => Chance(3) ? $"?{Pick(["limit", "after", "robot", "what", "x", ""])}={Pick(Texts)}&limit={Pick(Numbers)}" : "";

    private byte[] Body()
    {
        if (Chance(12))
            return Encoding.UTF8.GetBytes(Deep());
        if (Chance(12))
            return [.. Enumerable.Range(0, random.Next(200)).Select(_ => (byte)random.Next(256))];
        var text = JsonNode.Parse(Pick(Bodies))!.ToJsonString();
        for (var times = random.Next(4); times > 0; times--)
            text = Mutate(text);
        return Encoding.UTF8.GetBytes(text);
    }

    // On the text, so that what no JSON writer would write comes up too.
    private string Mutate(string text)
    {
        var at = text.Length == 0 ? 0 : random.Next(text.Length);
        return random.Next(7) switch
        {
            0 => text[..at],
            1 => text.Insert(at, Pick(Numbers)),
            2 => text.Insert(at, Pick([",", ":", "{", "}", "[", "]", "\"", "null", "true", "\0", "\ud800"])),
            3 => ReplaceValue(text, at, Pick(Numbers)),
            4 => ReplaceValue(text, at, Pick(["null", "true", "[]", "{}", "\"\"", "\"\\ud800\"", "[null]", $"\"{new string('a', 5000)}\""])),
            5 => ReplaceValue(text, at, $"\"{Pick(Texts)}\""),
            _ => text + text,
        };
    }

    private static string ReplaceValue(string text, int near, string value)
    {
        var begin = text.IndexOf(':', Math.Min(near, Math.Max(0, text.Length - 1)));
        var end = begin < 0 ? -1 : text.IndexOfAny([',', '}', ']'], begin);
        return end < 0 ? text : text[..(begin + 1)] + value + text[end..];
    }

    private string Deep()
    {
        var depth = random.Next(10_000);
        var open = Chance(2) ? "[" : "{\"joints\":";
        return string.Concat(Enumerable.Repeat(open, depth));
    }

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;

    private T Pick<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
