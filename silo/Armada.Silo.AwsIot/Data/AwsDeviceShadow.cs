using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.IotData.Model;
using Amazon.Runtime;
using Armada.Core.Devices;
using Armada.Silo.AwsIot.Calls;
using Armada.Core.Topics;

namespace Armada.Silo.AwsIot.Data;

/// <summary>The unnamed shadow of a device's thing.</summary>
/// <param name="data">The account's shadows.</param>
internal sealed class AwsDeviceShadow(DataPlane data) : IDeviceShadow
{
    private const int Largest = 8 * 1024; // bytes, AWS's limit for the whole document
    private const string Desired = "desired";

    private static readonly string[] Members = ["limits", "configuration"];

    /// <inheritdoc/>
    public async ValueTask<DesiredSettings?> FindAsync(string device, CancellationToken cancellation) =>
        !DeviceName.IsValid(device) ? null : await data.AskAsync<DesiredSettings?>(
            $"the shadow of {device}",
            async (run, its) =>
            {
                try
                {
                    var found = await run.AskAsync(its, (client, token) => client.GetThingShadowAsync(new GetThingShadowRequest { ThingName = device }, token));
                    var shadow = await JsonNode.ParseAsync(found.Payload, cancellationToken: cancellation);
                    return shadow?["state"]?[Desired] is { } desired && shadow["version"] is { } version
                        ? new DesiredSettings(desired.ToJsonString(), version.GetValue<long>())
                        : null;
                }
                catch (AmazonServiceException fault) when (fault.Is(CallFaults.NotFound))
                {
                    return null;
                }
            },
            cancellation);

    /// <inheritdoc/>
    public async ValueTask<ShadowAnswer> DesireAsync(string device, string desired, long? version, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(device))
            return ShadowAnswer.Unknown;
        if (desired.Length > Largest)
            return ShadowAnswer.TooLarge;
        if (Read(desired) is not { } settings)
            return ShadowAnswer.NoSettings;
        var update = new JsonObject { ["state"] = new JsonObject { [Desired] = settings } };
        if (version is not null)
            update["version"] = version;
        var payload = Encoding.UTF8.GetBytes(update.ToJsonString());
        return payload.Length > Largest ? ShadowAnswer.TooLarge : await data.AskAsync(
            $"the shadow of {device}",
            async (run, its) =>
            {
                try
                {
                    await run.AskAsync(its, (client, token) => client.UpdateThingShadowAsync(
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
        CallFaults.NotFound => ShadowAnswer.Unknown,
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
            return null; // No JSON, or a member twice.
        }
    }
}
