using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Identities;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Provisioning;

/// <summary>A silo that is killed at random moments while it gives and takes identities.</summary>
public sealed class KilledProvisioningTests
{
    private const int Rounds = 3;
    private const int Callers = 4;

    [Fact]
    public async Task However_often_a_silo_is_killed_what_was_acknowledged_stands_and_what_was_not_can_be_repeated()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        using var folder = new TempFolder();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        var broker = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        var callers = Enumerable.Range(0, Callers).Select(number => new Caller(http, $"arm-{number}", new Random(seed + number))).ToArray();
        for (var round = 0; round <= Rounds; round++)
        {
            await using var silo = SiloProcess.Start("--data", folder.Path, "--urls", url, "--broker", broker);
            await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
            foreach (var caller in callers)
                await caller.CheckAsync(folder.Path, $"round {round}, seed {seed}");
            if (round == Rounds)
                break;
            var calling = Task.WhenAll(callers.Select(caller => caller.CallAsync()));
            var end = callers.Sum(caller => caller.Done) + 3 + random.Next(20);
            await Eventually.Holds(
                $"the silo does {end} calls; seed {seed}",
                () => calling.IsCompleted || callers.Sum(caller => caller.Done) >= end,
                TimeSpan.FromSeconds(40));
            await silo.SendAsync(Signal.Kill);
            await silo.ExitsAsync();
            await Eventually.Happens("every caller sees that the silo is gone", calling);
        }
    }

    /// <summary>Makes one device, rotates and deletes it again and again, and knows what the silo said of it.</summary>
    private sealed class Caller(HttpClient http, string name, Random random)
    {
        private readonly ConcurrentDictionary<string, string> revoked = new(StringComparer.Ordinal); // Certificates by fingerprint.
        private readonly Dictionary<string, string> known = new(StringComparer.Ordinal);
        private bool? isThere = false; // Null where a call was cut: it may be or not.

        public int Done { get; private set; }

        public async Task CallAsync()
        {
            try
            {
                while (true)
                {
                    await StepAsync();
                    Done++;
                }
            }
            catch (HttpRequestException)
            {
                // The silo was killed.
            }
        }

        public async Task CheckAsync(string data, string where)
        {
            using var answer = await http.GetAsync(new Uri($"/api/v1/devices/{name}", UriKind.Relative));
            if (isThere is { } expected)
                Assert.True(expected == (answer.StatusCode == HttpStatusCode.OK), $"{where}: {name} is {answer.StatusCode}, and should be there: {expected}");
            var authority = Path.Combine(data, "authority", "ca.pem");
            var id = (await http.GetFromJsonAsync<JsonNode>("/api/v1/authorities"))!["items"]![0]!["id"];
            var list = Path.Combine(data, "crl.asked");
            await File.WriteAllTextAsync(list, await http.GetStringAsync(new Uri($"/api/v1/authorities/{id}/crl", UriKind.Relative)));
            foreach (var (fingerprint, pem) in revoked)
            {
                var file = Path.Combine(data, $"{fingerprint}.asked");
                await File.WriteAllTextAsync(file, pem);
                var (exit, _) = await OpenSsl.TryAsync("verify", "-crl_check", "-CAfile", authority, "-CRLfile", list, file);
                File.Delete(file);
                Assert.True(exit != 0, $"{where}: {fingerprint} of {name} was taken back and is good");
            }

            // Whatever was cut, asked again it is done.
            isThere = null;
            await MakeAsync();
            isThere = true;
        }

        private async Task StepAsync()
        {
            var before = isThere;
            isThere = null;
            if (before != true)
            {
                await MakeAsync();
                isThere = true;
            }
            else if (random.Next(3) > 0)
            {
                using var keys = new Armada.Testing.Registry.DeviceKeys();
                using var answer = await http.PostAsJsonAsync($"/api/v1/devices/{name}/rotate", new { csr = keys.Request });
                if (answer.StatusCode == HttpStatusCode.Conflict)
                {
                    await RetireOldestAsync();
                }
                else
                {
                    answer.EnsureSuccessStatusCode();
                    Learn(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
                }

                isThere = true;
            }
            else
            {
                using var answer = await http.DeleteAsync(new Uri($"/api/v1/devices/{name}", UriKind.Relative));
                answer.EnsureSuccessStatusCode();
                foreach (var (fingerprint, pem) in known)
                    revoked[fingerprint] = pem;
                known.Clear();
                isThere = false;
            }
        }

        private async Task MakeAsync()
        {
            using var answer = await http.PostAsJsonAsync("/api/v1/devices", new { name, kind = "so101-leader" });
            answer.EnsureSuccessStatusCode();
        }

        private async Task RetireOldestAsync()
        {
            var device = (await http.GetFromJsonAsync<JsonNode>($"/api/v1/devices/{name}"))!;
            var fingerprint = device["certificates"]![0]!["fingerprint"]!.GetValue<string>();
            using var answer = await http.DeleteAsync(new Uri($"/api/v1/devices/{name}/certificates/{fingerprint}", UriKind.Relative));
            answer.EnsureSuccessStatusCode();
            if (known.Remove(fingerprint, out var pem))
                revoked[fingerprint] = pem;
        }

        private void Learn(JsonNode issued)
        {
            if (issued["certificate"]?.GetValue<string>() is { } pem)
                known[issued["device"]!["fingerprint"]!.GetValue<string>()] = pem;
        }
    }
}
