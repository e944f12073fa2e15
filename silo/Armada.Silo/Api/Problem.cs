using Armada.Core.Devices;
using Armada.Core.Robots;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>A kind of problem the API answers with (RFC 9457). The type is stable; programs may rely on it.</summary>
/// <param name="Name">Last part of the type.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">What it is, the same every time.</param>
internal sealed record Problem(string Name, int Status, string Title)
{
    private const string Prefix = "urn:armada:problem:";

    public static readonly Problem RobotUnknown = new("robot-unknown", 404, "There is no such robot");
    public static readonly Problem MasterNone = new("master-none", 404, "The robot has no master");
    public static readonly Problem SlaveUnknown = new("slave-unknown", 404, "The robot has no such slave");
    public static readonly Problem RobotExists = new("robot-exists", 409, "The robot exists with other joints");
    public static readonly Problem MasterHeld = new("master-held", 409, "Another master is bound");
    public static readonly Problem DeviceBusy = new("device-busy", 409, "The device serves another robot or role");
    public static readonly Problem PanelLocked = new("panel-locked", 409, "A master is attached; manual control is locked");
    public static readonly Problem NotMaster = new("not-master", 409, "The caller does not hold the lease");
    public static readonly Problem Stopped = new("stopped", 409, "A stop is latched");
    public static readonly Problem NothingPlays = new("nothing-plays", 409, "No motion is master");
    public static readonly Problem NameTaken = new("name-taken", 409, "The name is another slave's of the robot");
    public static readonly Problem VersionChanged = new("version-changed", 412, "It was changed since");
    public static readonly Problem KeyUnknown = new("key-unknown", 404, "There is no such key");
    public static readonly Problem KeyExists = new("key-exists", 409, "A good key has the name");
    public static readonly Problem LastAdminKey = new("last-admin-key", 409, "No admin key would be left");
    public static readonly Problem TooManyKeys = new("too-many-keys", 409, "There are too many good keys");
    public static readonly Problem SequenceUnknown = new("sequence-unknown", 404, "There is no such sequence");
    public static readonly Problem SequenceExists = new("sequence-exists", 409, "The sequence exists with another content");
    public static readonly Problem SequenceBuiltIn = new("sequence-built-in", 409, "The sequence came with the silo and cannot be changed");
    public static readonly Problem TooManySequences = new("too-many-sequences", 409, "There are too many sequences");
    public static readonly Problem Invalid = new("invalid", 422, "A value is missing, unknown or out of range");
    public static readonly Problem NotJson = new("not-json", 400, "The body is not JSON");
    public static readonly Problem BadRequest = new("bad-request", 400, "The request cannot be read");
    public static readonly Problem MediaType = new("media-type", 415, "The body must be application/json");
    public static readonly Problem TooLarge = new("too-large", 413, "The body is too large");
    public static readonly Problem NotStored = new("not-stored", 503, "The change could not be made durable");
    public static readonly Problem RobotUnreachable = new("robot-unreachable", 503, "The silo that knows cannot be reached now");
    public static readonly Problem ProviderUnreachable = new("provider-unreachable", 503, "The provider of the token cannot be reached");
    public static readonly Problem Unauthorized = new("unauthorized", 401, "No good key or token was given");
    public static readonly Problem Forbidden = new("forbidden", 403, "The caller's role is not enough");
    public static readonly Problem TooManyRequests = new("too-many-requests", 429, "The caller asks too often");
    public static readonly Problem TooManySockets = new("too-many-sockets", 429, "Too many WebSockets are open");
    public static readonly Problem ForeignOrigin = new("foreign-origin", 403, "The request comes from another site");
    public static readonly Problem WebSocketOnly = new("websocket-only", 426, "This address speaks WebSocket");
    public static readonly Problem DeviceUnknown = new("device-unknown", 404, "There is no such device");
    public static readonly Problem DeviceExists = new("device-exists", 409, "The name is a device's already");
    public static readonly Problem RotationPending = new("rotation-pending", 409, "The device has two certificates already");
    public static readonly Problem BundleGone = new("bundle-gone", 410, "The bundle was collected, or its time is over");
    public static readonly Problem TokenUnknown = new("token-unknown", 404, "There is no such enrollment token");
    public static readonly Problem TokenRefused = new("token-refused", 403, "The enrollment token opens nothing");
    public static readonly Problem TooManyTokens = new("too-many-tokens", 409, "There are too many enrollment tokens");
    public static readonly Problem NoRegistry = new("no-registry", 409, "This silo gives no identities");
    public static readonly Problem RegistryFailed = new("registry-failed", 503, "The registry could not do it now");
    public static readonly Problem Fault = new("fault", 500, "The silo failed; its log says why");

    /// <summary>The type, such as urn:armada:problem:master-held.</summary>
    public string Type => Prefix + Name;

    /// <summary>The type of a status that needs no words, such as an unknown path.</summary>
    public static string TypeOf(int status) => $"{Prefix}http-{status}";

    /// <summary>The kind of a refusal.</summary>
    public static Problem Of(RefusalReason reason) => reason switch
    {
        RefusalReason.MasterHeld => MasterHeld,
        RefusalReason.DeviceBusy => DeviceBusy,
        RefusalReason.UnknownRobot => RobotUnknown,
        RefusalReason.UnknownSlave => SlaveUnknown,
        RefusalReason.RobotExists => RobotExists,
        RefusalReason.PanelLocked => PanelLocked,
        RefusalReason.NotMaster => NotMaster,
        RefusalReason.Stopped => Stopped,
        RefusalReason.NothingPlays => NothingPlays,
        RefusalReason.NameTaken => NameTaken,
        RefusalReason.VersionChanged => VersionChanged,
        RefusalReason.Invalid => Invalid,
        RefusalReason.NotStored => NotStored,
        RefusalReason.Unreachable => RobotUnreachable,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "no problem for it"),
    };

    /// <summary>The kind of a registry's refusal.</summary>
    public static Problem Of(RegistryRefusalReason reason) => reason switch
    {
        RegistryRefusalReason.Unknown => DeviceUnknown,
        RegistryRefusalReason.Exists => DeviceExists,
        RegistryRefusalReason.RotationPending => RotationPending,
        RegistryRefusalReason.Name or RegistryRefusalReason.Request => Invalid,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "no problem for it"),
    };

    /// <summary>The answer to a registry's refusal.</summary>
    public static ProblemHttpResult Refuse(RegistryRefusal refusal) => refusal.Reason switch
    {
        RegistryRefusalReason.Name => WrongFields(new Dictionary<string, string> { ["name"] = refusal.Text }),
        RegistryRefusalReason.Request => WrongFields(new Dictionary<string, string> { ["csr"] = refusal.Text }),
        var reason => Of(reason).Answer(refusal.Text),
    };

    /// <summary>The answer to a refusal.</summary>
    public static ProblemHttpResult Refuse(Refusal refusal) => Of(refusal.Reason).Answer(refusal.Text);

    /// <summary>The answer about a robot that is not there.</summary>
    public static ProblemHttpResult NoRobot(string id) => RobotUnknown.Answer($"there is no robot {id}; GET /api/v1/robots lists all");

    /// <summary>The answer that names the fields that are wrong.</summary>
    public static ProblemHttpResult WrongFields(IReadOnlyDictionary<string, string> errors) =>
        Invalid.Answer(
            string.Join("; ", errors.Select(error => $"{error.Key}: {error.Value}")),
            new Dictionary<string, object?> { ["errors"] = errors.ToDictionary(error => error.Key, error => new[] { error.Value }) });

    /// <summary>The answer with what is in the way and what to do.</summary>
    public ProblemHttpResult Answer(string detail, IDictionary<string, object?>? extensions = null) =>
        TypedResults.Problem(detail, statusCode: Status, title: Title, type: Type, extensions: extensions);
}
