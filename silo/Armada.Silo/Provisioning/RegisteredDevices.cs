using Armada.Core.Topics;

namespace Armada.Silo.Provisioning;

/// <summary>Where the silo is the registry of devices, only registered devices can be bound: any other name is a typing error.</summary>
internal static class RegisteredDevices
{
    private const int MaxCandidates = 1000;

    /// <summary>Refuses a body whose device is not registered, and suggests the registered name that is nearest.</summary>
    /// <param name="deviceOf">The device that a body binds; null if it binds none.</param>
    public static RouteHandlerBuilder NeedsRegisteredDevice<TBody>(this RouteHandlerBuilder route, Func<TBody, string?> deviceOf)
        where TBody : class =>
        route.Refuses(Problem.DeviceUnknown, Problem.RegistryFailed).AddEndpointFilter(async (invocation, next) =>
        {
            var (services, cancellation) = (invocation.HttpContext.RequestServices, invocation.HttpContext.RequestAborted);
            return services.GetService<IDeviceRegistry>() is { } registry
                && invocation.Arguments.OfType<TBody>().FirstOrDefault() is { } body
                && deviceOf(body) is { } device && DeviceName.IsValid(device)
                && await registry.FindAsync(device, cancellation) is null
                    ? Problem.DeviceUnknown.Answer(await DescribeAsync(registry, device, cancellation))
                    : await next(invocation);
        });

    private static async ValueTask<string> DescribeAsync(IDeviceRegistry registry, string device, CancellationToken cancellation)
    {
        var registered = await registry.ListAsync(null, MaxCandidates, cancellation);
        var nearest = registered.Select(candidate => candidate.Name).MinBy(name => EditDistance.Between(name, device));
        return nearest is not null && EditDistance.Between(nearest, device) <= Math.Max(2, device.Length / 3)
            ? $"no device {device} is registered; did you mean {nearest}? GET /api/v1/devices lists all"
            : $"no device {device} is registered; register it with POST /api/v1/devices, or enroll it with a token";
    }
}
