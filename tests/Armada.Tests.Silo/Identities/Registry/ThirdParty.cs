using System.Globalization;
using Armada.Core.Devices;
using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>A device as mosquitto's own clients play it.</summary>
/// <param name="Name">Client id it asks for.</param>
/// <param name="Port">The broker's TLS port.</param>
/// <param name="Ca">Whom it trusts.</param>
/// <param name="Files">Its certificate and key; null for none.</param>
internal sealed record ThirdParty(string Name, int Port, string Ca, (string Certificate, string Key)? Files)
{
    /// <summary>Of MQTT: 311 or 5.</summary>
    public string Version { get; init; } = "5";

    /// <summary>A device with what a registry issued.</summary>
    public static ThirdParty Of(OwnRig rig, string name, IssuedCredentials issued) => new(
        name,
        rig.Port,
        rig.CaFile,
        (rig.Folder.Write($"{issued.Fingerprint}.pem", issued.Certificate), rig.Folder.Write($"{issued.Fingerprint}.key", issued.PrivateKey()!)));

    /// <summary>Publishes at QoS 1; whether the broker took it.</summary>
    public async Task<bool> PublishesAsync(string topic, string text = "x", params string[] more)
    {
        await using var client = RunningProcess.Start("mosquitto_pub", [.. Options(), "-q", "1", "-t", topic, "-m", text, .. more]);
        var exit = await client.ExitsAsync();
        return exit == 0 && !client.Output.Contains("Not authorized", StringComparison.Ordinal);
    }

    /// <summary>Whether the broker lets it connect at all.</summary>
    public async Task<bool> ComesInAsync()
    {
        await using var client = RunningProcess.Start("mosquitto_pub", [.. Options(), "-q", "1", "-t", $"armada/v1/{Name}/state", "-m", "x"]);
        return await client.ExitsAsync() == 0;
    }

    /// <summary>Subscribes and stays.</summary>
    /// <param name="topics">What to.</param>
    public async Task<RunningProcess> ListensAsync(params string[] topics)
    {
        // stdbuf: into a pipe it would keep its lines to itself.
        var client = RunningProcess.Start("stdbuf", ["-oL", "mosquitto_sub", .. Options(), "-d", "-v", .. topics.SelectMany(topic => new[] { "-t", topic })]);
        try
        {
            await client.PrintsAsync("Subscribed");
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private string[] Options() =>
    [
        "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-i", Name, "--cafile", Ca, "-V", $"mqttv{Version}",
        .. Files is { } files ? ["--cert", files.Certificate, "--key", files.Key] : Array.Empty<string>(),
    ];
}
