using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Bench.Rows;

/// <summary>Time to provision many devices, against the unavoidable part: a key, a signature and two durable writes per device.</summary>
internal static class Provisioning
{
    private const int Callers = 8;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(int devices)
    {
        using var data = new TempFolder();
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        await using var silo = ArmadaProgram.Start(
            "Armada.Silo", "--urls", address.GetLeftPart(UriPartial.Authority), "--data", data.Path, "--broker", $"127.0.0.1:{FreePort.Next()}");
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
        using var http = new HttpClient { BaseAddress = address };
        await ProvisionAsync(http, "warm", 0, 20);
        Bare(data.File("warm"), 20);

        var bare = Timed(() => Bare(data.File("bare"), devices));
        var alone = await TimedAsync(() => ProvisionAsync(http, "alone", 0, devices));
        var together = await TimedAsync(() => Task.WhenAll(
            Enumerable.Range(0, Callers).Select(caller => ProvisionAsync(http, $"many-{caller}", 0, devices / Callers))));
        var kept = await CountAsync(http);
        if (kept != 20 + devices + (devices / Callers * Callers))
            throw new InvalidOperationException($"{kept} devices are registered");
        return
        [
            Of($"{devices} devices provisioned and their bundles collected, one caller", alone, bare),
            Of($"{devices / Callers * Callers} devices provisioned and their bundles collected, {Callers} callers", together, bare),
        ];
    }

    private static async Task<int> CountAsync(HttpClient http)
    {
        var count = 0;
        for (string? after = ""; after is not null;)
        {
            var page = (await http.GetFromJsonAsync<JsonNode>($"/api/v1/devices?limit=200{(after.Length == 0 ? "" : $"&after={after}")}"))!;
            count += page["items"]!.AsArray().Count;
            after = page["next"]?.GetValue<string>();
        }

        return count;
    }

    private static Row Of(string what, TimeSpan ours, TimeSpan bare) =>
        new(what, $"{ours.TotalSeconds:0.0} s", $"{bare.TotalSeconds:0.0} s", $"{ours / bare:0.00}", "-");

    private static async Task ProvisionAsync(HttpClient http, string name, int first, int count)
    {
        for (var device = first; device < first + count; device++)
        {
            using var answer = await http.PostAsJsonAsync("/api/v1/devices", new { name = $"{name}-{device}", kind = "so101-follower", site = "bench" });
            answer.EnsureSuccessStatusCode();
            var made = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            await http.GetByteArrayAsync(new Uri(made["bundle"]!["url"]!.GetValue<string>()));
        }
    }

    // Two writes: one when the device is created, one when its bundle is collected. Both must survive a power cut.
    private static void Bare(string folder, int count)
    {
        Directory.CreateDirectory(folder);
        using var authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuer = new CertificateRequest("CN=bare", authority, HashAlgorithmName.SHA256) { CertificateExtensions = { new X509BasicConstraintsExtension(true, false, 0, true) } }
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9));
        for (var device = 0; device < count; device++)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var certificate = new CertificateRequest($"CN=bare-{device}", key, HashAlgorithmName.SHA256)
                .Create(issuer, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1), BitConverter.GetBytes(device + 1));
            var content = Encoding.UTF8.GetBytes(certificate.ExportCertificatePem() + key.ExportPkcs8PrivateKeyPem());
            for (var write = 0; write < 2; write++)
                WriteDurably(Path.Combine(folder, $"{device}.pem"), content);
        }
    }

    private static void WriteDurably(string path, byte[] content)
    {
        using (var file = File.Create(path + ".new"))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    private static TimeSpan Timed(Action what)
    {
        var began = Stopwatch.GetTimestamp();
        what();
        return Stopwatch.GetElapsedTime(began);
    }

    private static async Task<TimeSpan> TimedAsync(Func<Task> what)
    {
        var began = Stopwatch.GetTimestamp();
        await what();
        return Stopwatch.GetElapsedTime(began);
    }
}
