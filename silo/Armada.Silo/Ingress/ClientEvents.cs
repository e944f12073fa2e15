using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Core.Control;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Provisioning;

namespace Armada.Silo.Ingress;

/// <summary>
/// What AWS IoT Core says of each client that connects, with the certificate it came with: so a board, which says nothing of itself, is
/// seen on its new certificate too.
/// </summary>
internal sealed class ClientEvents(IMqttLink link, DeviceLastSeen lastSeen) : IHostedService
{
    /// <summary>Where AWS tells of connections; nobody else can publish there.</summary>
    public const string Filter = "$aws/events/presence/connected/+";

    private const int Longest = 4096; // bytes

    public Task StartAsync(CancellationToken cancellationToken)
    {
        link.Subscribe(Filter, Delivery.Control, OnConnected);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        link.Unsubscribe(Filter);
        return Task.CompletedTask;
    }

    /// <summary>The device that connected and its certificate's fingerprint; null where a message says neither.</summary>
    public static (string Device, string Fingerprint)? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > Longest)
            return null;
        try
        {
            var connected = JsonSerializer.Deserialize(payload, ClientEventJson.Default.ClientConnected);
            return connected is { ClientId: { } client, PrincipalIdentifier: { } principal }
                && DeviceName.IsValid(client) && DeviceCertificate.IsFingerprint(principal)
                ? (client, principal)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void OnConnected(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (Read(payload) is var (device, fingerprint))
            lastSeen.Record(device, new Presence(Online: true, Certificate: fingerprint), wasOnline: false);
    }
}

/// <param name="ClientId">Client id, which is the thing's name.</param>
/// <param name="PrincipalIdentifier">Id of the certificate, which is its fingerprint.</param>
internal sealed record ClientConnected(string? ClientId, string? PrincipalIdentifier);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ClientConnected))]
internal sealed partial class ClientEventJson : JsonSerializerContext;
