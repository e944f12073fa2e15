using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Silo.Options;
using Armada.Testing.Network;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Provisioning;

/// <summary>Silos that devices connect to, and what comes out of their bundles.</summary>
internal static class ProvisioningRig
{
    public const string Devices = "/api/v1/devices";

    /// <summary>Starts a silo with a device endpoint.</summary>
    public static Task<RunningSilo> StartAsync(Broker broker, Action<IServiceCollection>? adjust = null) =>
        RunningSilo.StartAsync(
            broker, options => options with { Broker = new DeviceEndpointOptions { Address = IPAddress.Loopback, Port = FreePort.Next() } }, adjust: adjust);

    /// <summary>Makes a device; the whole answer.</summary>
    public static async Task<JsonNode> MakeAsync(this RunningSilo silo, string name, string kind = "so101-leader", string? role = null, string? csr = null) =>
        (await silo.SendAsync(HttpMethod.Post, Devices, new { name, kind, role, csr }))!;

    /// <summary>Collects a bundle: its files by name.</summary>
    public static async Task<Dictionary<string, byte[]>> CollectAsync(this RunningSilo silo, JsonNode issued)
    {
        var zip = await silo.Http.GetByteArrayAsync(new Uri(UrlOf(issued)));
        using var archive = new ZipArchive(new MemoryStream(zip));
        return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var content = new MemoryStream();
            using var stream = entry.Open();
            stream.CopyTo(content);
            return content.ToArray();
        });
    }

    /// <summary>Where its bundle waits.</summary>
    public static string UrlOf(JsonNode issued) => issued["bundle"]!["url"]!.GetValue<string>();

    /// <summary>The fingerprint of a device's newest certificate.</summary>
    public static string FingerprintOf(JsonNode device) => device["fingerprint"]!.GetValue<string>();

    /// <summary>A file of a bundle as text.</summary>
    public static string Text(this Dictionary<string, byte[]> bundle, string file) => Encoding.UTF8.GetString(bundle[file]);
}
