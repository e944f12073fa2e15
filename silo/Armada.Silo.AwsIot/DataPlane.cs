using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.IotData;
using Amazon.IotData.Model;
using Amazon.Runtime;
using Armada.Core.Topics;

namespace Armada.Silo.AwsIot;

/// <summary>The account's data endpoint: shadows and topics.</summary>
internal sealed class DataPlane(AwsAccount account, BrokerEndpoint broker) : IDisposable
{
    private static readonly TimeSpan UrgentTimeout = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim creating = new(1, 1);
    private AmazonIotDataClient? client;

    public Task<T> AskAsync<T>(string what, Func<CallSequence, AmazonIotDataClient, Task<T>> operation, CancellationToken cancellation) =>
        CallErrors.TranslateFaultsAsync(
            what,
            async () =>
            {
                var calls = account.Begin(cancellation);
                return await operation(calls, client ?? await CreateAsync(calls, cancellation));
            },
            cancellation);

    /// <summary>For stops: ignores the call rate, and fails after 2 s.</summary>
    public Task<T> AskUrgentlyAsync<T>(string what, Func<CallSequence, AmazonIotDataClient, Task<T>> operation, CancellationToken cancellation) =>
        CallErrors.TranslateFaultsAsync(
            what,
            async () =>
            {
                using var late = new CancellationTokenSource(UrgentTimeout, account.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
                var calls = account.BeginUrgent(either.Token);
                return await operation(calls, client ?? await CreateAsync(calls, either.Token));
            },
            cancellation);

    public void Dispose()
    {
        client?.Dispose();
        creating.Dispose();
    }

    private async Task<AmazonIotDataClient> CreateAsync(CallSequence calls, CancellationToken cancellation)
    {
        await creating.WaitAsync(cancellation);
        try
        {
            return client ??= AwsClients.Data(account.Settings, (await broker.FindAsync(calls)).Hosts[0], account.Credentials);
        }
        finally
        {
            creating.Release();
        }
    }
}

/// <summary>The classic (unnamed) shadow of a device's thing.</summary>
internal sealed class AwsDeviceShadow(DataPlane data) : IDeviceShadow
{
    private const int MaxBytes = 8 * 1024; // AWS's limit for the whole document.
    private const string Desired = "desired";

    private static readonly string[] Members = ["limits", "configuration"];

    public async ValueTask<DesiredSettings?> FindAsync(string device, CancellationToken cancellation) =>
        !DeviceName.IsValid(device) ? null : await data.AskAsync<DesiredSettings?>(
            $"the shadow of {device}",
            async (calls, dataClient) =>
            {
                try
                {
                    var found = await calls.AskAsync(dataClient, (client, token) => client.GetThingShadowAsync(new GetThingShadowRequest { ThingName = device }, token));
                    var shadow = await JsonNode.ParseAsync(found.Payload, cancellationToken: cancellation);
                    return shadow?["state"]?[Desired] is { } desired && shadow["version"] is { } version
                        ? new DesiredSettings(desired.ToJsonString(), version.GetValue<long>())
                        : null;
                }
                catch (AmazonServiceException fault) when (fault.Is(CallErrors.NotFound))
                {
                    return null;
                }
            },
            cancellation);

    public async ValueTask<ShadowAnswer> DesireAsync(string device, string desired, long? version, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(device))
            return ShadowAnswer.Unknown;
        if (desired.Length > MaxBytes)
            return ShadowAnswer.TooLarge;
        if (Read(desired) is not { } settings)
            return ShadowAnswer.NoSettings;
        var update = new JsonObject { ["state"] = new JsonObject { [Desired] = settings } };
        if (version is not null)
            update["version"] = version;
        var payload = Encoding.UTF8.GetBytes(update.ToJsonString());
        return payload.Length > MaxBytes ? ShadowAnswer.TooLarge : await data.AskAsync(
            $"the shadow of {device}",
            async (calls, dataClient) =>
            {
                try
                {
                    await calls.AskAsync(dataClient, (client, token) => client.UpdateThingShadowAsync(
                        new UpdateThingShadowRequest { ThingName = device, Payload = new MemoryStream(payload, writable: false) }, token));
                    return ShadowAnswer.Done;
                }
                catch (AmazonServiceException fault) when (Refusal(fault) is { } refusal)
                {
                    return refusal;
                }
            },
            cancellation);
    }

    private static ShadowAnswer? Refusal(AmazonServiceException fault) => fault.ErrorCode switch
    {
        "ConflictException" => ShadowAnswer.Changed,
        CallErrors.NotFound => ShadowAnswer.Unknown,
        "RequestEntityTooLargeException" => ShadowAnswer.TooLarge,
        _ => null,
    };

    private static JsonObject? Read(string desired)
    {
        try
        {
            return JsonNode.Parse(desired) is JsonObject settings && settings.All(member => Members.Contains(member.Key)) ? settings : null;
        }
        catch (Exception bad) when (bad is JsonException or ArgumentException)
        {
            return null; // Not JSON, or with a duplicate member.
        }
    }
}

/// <summary>Publishes control messages over HTTPS.</summary>
internal sealed class AwsControlFallback(DataPlane data) : IControlFallback
{
    private const int AtLeastOnce = 1;

    public async ValueTask PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var bytes = MemoryMarshal.TryGetArray(payload, out var array) ? array : payload.ToArray();
        await data.AskUrgentlyAsync(
            $"a message on {topic}",
            (calls, dataClient) => calls.AskAsync(dataClient, (client, token) => client.PublishAsync(
                new PublishRequest { Topic = topic, Qos = AtLeastOnce, Payload = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false) }, token)),
            cancellation);
    }
}
